package permissions

import "crashcart/lambda/domain/config"

// Collecting is what the follow-up's role may do besides following a case. What is off in
// the configuration is not allowed either.
type Collecting struct {
	Dumps     bool // bring them home: run our document on hosts, and upload in parts
	Snapshots bool // of the root volume, where the host cannot give its dump
}

func (c Collecting) statements(at Places) []Statement {
	var all []Statement
	if c.Dumps {
		all = append(all, asking(at)...)
		all = append(all, uploading(at))
	}
	if c.Snapshots {
		all = append(all, snapshotting(at)...)
	}
	return all
}

// asking is how a host is asked for its dump. IAM checks the document and the instance of
// one SendCommand each by itself. A document has no tag, so they are two statements
// ("Restricting Run Command access based on tags", AWS Systems Manager User Guide).
//
// The condition on the instance is the service's own key. Systems Manager sends a command
// on to itself, and a global key may be missing there ("Setting up Run Command", ibid.).
func asking(at Places) []Statement {
	return []Statement{
		{Sid: "RunOurDocument", Actions: []string{"ssm:SendCommand"}, Resources: []string{document(at)}},
		{
			Sid: "RunOnInstances", Actions: []string{"ssm:SendCommand"}, Resources: []string{anyInstance(at)},
			If: map[string]any{"StringEquals": map[string]any{
				"ssm:resourceTag/" + config.TagKey: []string{config.TagAuto, config.TagManual},
			}},
			Why: "an instance of this account and Region that is opted in: which one was interrupted is in its case",
		},
		{
			Sid: "ReadAnswer", Actions: []string{"ssm:GetCommandInvocation"}, Resources: []string{"*"}, If: inRegion(at),
			Why: "it has no resources to name in IAM (Service Authorization Reference). So the role could read the output of any " +
				"command whose id it knew. It knows those that it has sent: it may not list commands",
		},
	}
}

// uploading is what an upload in parts needs besides PutObject, which opens and completes
// it, and with which its parts' URLs are signed. A signed URL has the rights of this role.
// It ends with the session that signed it, and how much is left of that nobody tells the
// function. So a host that is refused half-way gets new URLs ("Download and upload objects
// with presigned URLs", Amazon S3 User Guide).
func uploading(at Places) Statement {
	return Statement{
		Sid: "Upload", Actions: []string{"s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"}, Resources: []string{at.Bucket + "/cases/*/dump/*"},
		Why: "every case has a folder of its own, and in it one for what comes from the host; the last * is the file",
	}
}

// snapshotting is how the root volume of a host is kept. EC2 asks for a right on all that
// takes part: the instance, each volume and each snapshot ("Actions, resources, and
// condition keys for Amazon EC2", Service Authorization Reference).
//
// Only the instance can be bound to the tag, and no call goes through without it. IAM
// cannot say "the root volume alone": it has no key for which volumes a call leaves out,
// nor for the device that a volume is. The code leaves the others out.
func snapshotting(at Places) []Statement {
	ec2 := "arn:" + at.Partition + ":ec2:" + at.Region + ":"
	caseTag := "aws:RequestTag/" + config.CaseTagKey
	return []Statement{
		{
			Sid: "SnapshotInstances", Actions: []string{"ec2:CreateSnapshots"}, Resources: []string{anyInstance(at)}, If: tagged(),
			Why: "an instance of this account and Region that is opted in",
		},
		{
			Sid: "SnapshotVolumes", Actions: []string{"ec2:CreateSnapshots"}, Resources: []string{ec2 + at.Account + ":volume/*"},
			Why: "the volumes of that instance, which need no tag of their own",
		},
		{
			Sid: "KeepSnapshots", Actions: []string{"ec2:CreateSnapshots"}, Resources: []string{ec2 + ":snapshot/*"},
			If:  map[string]any{"Null": map[string]any{caseTag: "false"}},
			Why: "a snapshot's id is not known before, and its ARN has no account. One that does not name its case is never made: nobody would find it",
		},
		{
			Sid: "TagSnapshots", Actions: []string{"ec2:CreateTags"}, Resources: []string{ec2 + ":snapshot/*"},
			If:  map[string]any{"StringEquals": map[string]any{"ec2:CreateAction": "CreateSnapshots"}},
			Why: "as above; only a snapshot that is being made, never one that is there",
		},
		{
			Sid: "FindSnapshots", Actions: []string{"ec2:DescribeSnapshots"}, Resources: []string{"*"}, If: inRegion(at),
			Why: "it has no resources to name in IAM (Service Authorization Reference)",
		},
	}
}

// document is the one document that may be run.
func document(at Places) string {
	return "arn:" + at.Partition + ":ssm:" + at.Region + ":" + at.Account + ":document/" + config.DocumentCollect
}
