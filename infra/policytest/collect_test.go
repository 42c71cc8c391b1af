package policytest_test

import (
	"strings"

	"crashcart/lambda/domain/config"
)

const (
	command   = "ssm:SendCommand"
	snapshots = "ec2:CreateSnapshots"
	snapshot  = "ec2:CreateSnapshot" // of one volume, which nobody may
)

// where is a statement that is there only when it is on.
func where(on bool, sid string) verdict {
	if on {
		return allowed(sid)
	}
	return nothing
}

// managed is what Systems Manager knows of an instance with that tag.
func managed(value string) map[string]string {
	if value == "" {
		return nil
	}
	return map[string]string{"ssm:resourceTag/" + config.TagKey: value}
}

// collectRows are about bringing a dump home. w.collects and w.snapshots say what is on:
// where it is off, nothing of it may be done.
func collectRows(w world) []row {
	rows := append(documentRows(w), commandRows(w)...)
	rows = append(rows, uploadRows(w)...)
	rows = append(rows, snapshotRows(w)...)
	rows = append(rows, snapshotTagRows(w)...)
	return append(rows, neverCollectRows(w)...)
}

// documentRows are about which document may be run.
func documentRows(w world) []row {
	a := &asker{by: w.followup}
	ours := arn("ssm", "document/crashcart-collect")
	a.ask("the follow-up may run our document", command, ours, nil, where(w.collects, "RunOurDocument"))
	for name, on := range map[string]string{
		"a shell script":                          arn("ssm", "document/AWS-RunShellScript"),
		"another document":                        arn("ssm", "document/crashcart-collect-2"),
		"our document in another Region":          strings.Replace(ours, region, otherRegion, 1),
		"another account's document of that name": strings.Replace(ours, account, otherAccount, 1),
	} {
		// A document of AWS has no account in its ARN; the evaluator knows none without.
		a.ask("the follow-up never runs "+name, command, on, nil, nothing)
	}
	for does := range strings.FieldsSeq(`UpdateDocument UpdateDocumentDefaultVersion DeleteDocument ModifyDocumentPermission GetDocument CreateAssociation`) {
		a.ask("the follow-up never does to our document: "+does, "ssm:"+does, ours, nil, nothing)
	}
	return a.rows
}

// commandRows are about where it may be run, and what is read of it.
func commandRows(w world) []row {
	a := &asker{by: w.followup}
	for _, value := range []string{"auto", "manual"} {
		a.ask("the follow-up may run a command on an instance that is tagged "+value, command, instance(region, account), managed(value), where(w.collects, "RunOnInstances"))
		a.ask("the follow-up never opens a session on an instance that is tagged "+value, "ssm:StartSession", instance(region, account), managed(value), nothing)
	}
	for _, value := range []string{"", "AUTO", "off", "auto,manual", "*"} {
		a.ask("the follow-up never runs a command on an instance that is tagged "+value+" and not opted in", command, instance(region, account), managed(value), nothing)
	}
	a.ask("the follow-up never runs a command in another Region", command, instance(otherRegion, account), managed("auto"), nothing)
	a.ask("the follow-up never runs a command in another account", command, instance(region, otherAccount), managed("auto"), nothing)
	a.ask("the follow-up never runs a command on a node from elsewhere", command, arn("ssm", "managed-instance/mi-0123456789abcdef0"), managed("auto"), nothing)
	const answer = "ssm:GetCommandInvocation"
	a.ask("the follow-up may read a command's answer", answer, "*", nil, where(w.collects, "ReadAnswer"))
	a.ask("the follow-up never reads an answer in another Region", answer, "*", map[string]string{"aws:RequestedRegion": otherRegion}, nothing)
	for does := range strings.FieldsSeq("ListCommands ListCommandInvocations CancelCommand") {
		a.ask("the follow-up never does to commands: "+does, "ssm:"+does, "*", nil, nothing)
	}
	a.ask("the follow-up never reads a parameter", "ssm:GetParameter", arn("ssm", "parameter/password"), nil, nothing)
	return a.rows
}

// uploadRows are about the objects of a dump.
func uploadRows(w world) []row {
	a := &asker{by: w.followup}
	object := w.bucket + "/cases/" + caseID + "/dump/2-vmcore"
	for does := range strings.FieldsSeq("AbortMultipartUpload ListMultipartUploadParts") {
		does = "s3:" + does
		a.ask("the follow-up may upload a dump: "+does, does, object, nil, where(w.collects, "Upload"))
		a.ask("the follow-up never does it to other evidence: "+does, does, w.bucket+"/cases/"+caseID+"/before/console-latest.txt", nil, nothing)
		a.ask("the follow-up never does it to a dry run: "+does, does, w.bucket+"/dry/cases/"+caseID+"/dump/2-vmcore", nil, nothing)
		a.ask("the follow-up never does it in another bucket: "+does, does, "arn:aws:s3:::backups/cases/"+caseID+"/dump/2-vmcore", nil, nothing)
		a.ask("the follow-up never does it without TLS: "+does, does, object, unencrypted, denied("DenySecureTransport"))
	}
	for _, does := range []string{"s3:PutObject", "s3:GetObject"} {
		a.ask("the follow-up may sign a host's URL for a dump: "+does, does, object, nil, allowed("Evidence"))
		a.ask("a host's URL is never good without TLS: "+does, does, object, unencrypted, denied("DenySecureTransport"))
	}
	for does := range strings.FieldsSeq("DeleteObject DeleteObjectVersion GetObjectVersion PutObjectAcl PutObjectRetention") {
		a.ask("the follow-up never does to a dump: "+does, "s3:"+does, object, nil, nothing)
	}
	a.ask("the follow-up never lists uploads", "s3:ListBucketMultipartUploads", w.bucket, nil, nothing)
	return a.rows
}

// The resources of a snapshot.
const (
	newSnapshot = "arn:aws:ec2:" + region + "::snapshot/snap-0a1b2c3d4e5f60718"
	rootVolume  = "arn:aws:ec2:" + region + ":" + account + ":volume/vol-0a1b2c3d4e5f60718"
)

// snapshotRows are about the call that makes snapshots: IAM asks for each of its resources.
func snapshotRows(w world) []row {
	a := &asker{by: w.followup}
	named := map[string]string{"aws:RequestTag/" + config.CaseTagKey: caseID}
	for _, value := range []string{"auto", "manual"} {
		a.ask("the follow-up may have an instance's volumes copied that is tagged "+value, snapshots, instance(region, account), tag(value), where(w.snapshots, "SnapshotInstances"))
	}
	for _, value := range []string{"AUTO", "off"} {
		a.ask("the follow-up never has an instance's volumes copied that is tagged "+value, snapshots, instance(region, account), tag(value), nothing)
	}
	a.ask("the follow-up never has the volumes of an untagged instance copied", snapshots, instance(region, account), nil, nothing)
	a.ask("the follow-up never has volumes copied of another Region's instance", snapshots, instance(otherRegion, account), tag("auto"), nothing)
	a.ask("the follow-up never has volumes copied of another account's instance", snapshots, instance(region, otherAccount), tag("auto"), nothing)
	a.ask("the follow-up may have a volume of that instance copied", snapshots, rootVolume, nil, where(w.snapshots, "SnapshotVolumes"))
	a.ask("the follow-up never has another account's volume copied", snapshots, strings.Replace(rootVolume, account, otherAccount, 1), nil, nothing)
	a.ask("the follow-up may make a snapshot that names its case", snapshots, newSnapshot, named, where(w.snapshots, "KeepSnapshots"))
	a.ask("the follow-up never makes a snapshot that names no case", snapshots, newSnapshot, nil, nothing)
	a.ask("the follow-up never makes a snapshot in another Region", snapshots, strings.Replace(newSnapshot, region, otherRegion, 1), named, nothing)
	a.ask("the follow-up never copies a volume by itself, whoever has it", snapshot, rootVolume, nil, nothing)
	a.ask("the follow-up never makes a snapshot by the call for one volume", snapshot, newSnapshot, named, nothing)
	const find = "ec2:DescribeSnapshots"
	a.ask("the follow-up may find the snapshots", find, "*", nil, where(w.snapshots, "FindSnapshots"))
	a.ask("the follow-up never finds those of another Region", find, "*", map[string]string{"aws:RequestedRegion": otherRegion}, nothing)
	for does := range strings.FieldsSeq("DeleteSnapshot ModifySnapshotAttribute CreateVolume") {
		a.ask("the follow-up never does to a snapshot: "+does, "ec2:"+does, newSnapshot, nil, nothing)
	}
	for does := range strings.FieldsSeq("DeleteVolume DetachVolume AttachVolume ModifyVolume") {
		a.ask("the follow-up never does to a volume: "+does, "ec2:"+does, rootVolume, nil, nothing)
	}
	return a.rows
}

// snapshotTagRows are about tags: it gives them to snapshots that are being made, and to
// nothing else.
func snapshotTagRows(w world) []row {
	a := &asker{by: w.followup}
	const does = "ec2:CreateTags"
	by := func(action string) map[string]string { return map[string]string{"ec2:CreateAction": action} }
	a.ask("the follow-up may tag the snapshot that it makes", does, newSnapshot, by("CreateSnapshots"), where(w.snapshots, "TagSnapshots"))
	a.ask("the follow-up never tags a snapshot that is there", does, newSnapshot, nil, nothing)
	a.ask("the follow-up never tags a snapshot that is made otherwise", does, newSnapshot, by("CopySnapshot"), nothing)
	a.ask("the follow-up never opts an instance in on the way", does, instance(region, account), by("CreateSnapshots"), nothing)
	a.ask("the follow-up never tags a volume on the way", does, rootVolume, by("CreateSnapshots"), nothing)
	a.ask("the follow-up never takes a tag away", "ec2:DeleteTags", newSnapshot, nil, nothing)
	return a.rows
}

// neverCollectRows are about everybody else.
func neverCollectRows(w world) []row {
	var rows []row
	for name, by := range map[string]principal{
		"interrupt function": w.role, "count": w.count, "state machine": w.machineRole, "person without a right": w.person, "other account": w.foreign,
	} {
		a := &asker{by: by}
		a.ask("our document is never run by the "+name, command, arn("ssm", "document/crashcart-collect"), nil, nothing)
		a.ask("a command is never run on an instance by the "+name, command, instance(region, account), managed("auto"), nothing)
		if name != "other account" { // what has no resource is always the caller's own
			a.ask("an answer is never read by the "+name, "ssm:GetCommandInvocation", "*", nil, nothing)
		}
		a.ask("an instance's volumes are never copied by the "+name, snapshots, instance(region, account), tag("auto"), nothing)
		a.ask("an upload is never aborted by the "+name, "s3:AbortMultipartUpload", w.bucket+"/cases/"+caseID+"/dump/2-vmcore", nil, nothing)
		rows = append(rows, a.rows...)
	}
	return rows
}
