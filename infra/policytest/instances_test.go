package policytest_test

import "strings"

const (
	interrupt  = "ec2:SendDiagnosticInterrupt"
	console    = "ec2:GetConsoleOutput"
	screenshot = "ec2:GetConsoleScreenshot"
	attribute  = "ec2:DescribeInstanceAttribute"
	standby    = "autoscaling:EnterStandby"
)

func instance(region, account string) string {
	return "arn:aws:ec2:" + region + ":" + account + ":instance/" + hung
}

func group(region, account string) string {
	return "arn:aws:autoscaling:" + region + ":" + account + ":autoScalingGroup:" + web
}

// tag is what is known of an instance or group with that tag; of an instance its
// type as well, one with an Intel processor.
func tag(value string) map[string]string {
	return map[string]string{"aws:ResourceTag/crashcart": value}
}

func box(value, kind string) map[string]string {
	with := map[string]string{"ec2:InstanceType": kind}
	if value != "" {
		with["aws:ResourceTag/crashcart"] = value
	}
	return with
}

func instanceRows(w world) []row {
	const intel = "m7i.large"
	here := instance(region, account)
	of := func(name, does string, with map[string]string, want verdict) row {
		return row{name: name, by: w.role, does: does, on: here, with: with, want: want}
	}
	far := func(name, does string) row {
		with := box("auto", intel)
		with["aws:RequestedRegion"] = otherRegion
		return row{name: name, by: w.role, does: does, on: instance(otherRegion, account), with: with, want: nothing}
	}
	rows := []row{
		of("an instance tagged auto may be interrupted", interrupt, box("auto", intel), allowed("Interrupt")),
		of("an instance tagged manual may be interrupted", interrupt, box("manual", intel), allowed("Interrupt")),
		of("an instance tagged off is never interrupted", interrupt, box("off", intel), nothing),
		of("an instance tagged Auto, which is no value of ours, is never interrupted", interrupt, box("Auto", intel), nothing),
		of("an instance tagged auto,manual is never interrupted", interrupt, box("auto,manual", intel), nothing),
		of("an instance whose tag is a star is never interrupted", interrupt, box("*", intel), nothing),
		of("an untagged instance is never interrupted", interrupt, box("", intel), nothing),
		of("an instance with somebody else's tag auto is never interrupted", interrupt,
			map[string]string{"aws:ResourceTag/crash": "auto", "ec2:InstanceType": intel}, nothing),
		far("an instance of another Region is never interrupted", interrupt),
		{
			name: "an instance of another account is never interrupted", by: w.role, does: interrupt, on: instance(region, otherAccount), in: otherAccount,
			with: box("auto", intel), want: nothing,
		},
		far("the console of an instance of another Region is never read", console),
		far("the screen of an instance of another Region is never seen", screenshot),
		far("the attributes of an instance of another Region are never read", attribute),
		of("the console of an instance tagged auto may be read", console, box("auto", intel), allowed("TakeEvidence")),
		of("the console of an instance tagged manual may be read", console, box("manual", intel), allowed("TakeEvidence")),
		of("the console of an untagged instance is never read", console, box("", intel), nothing),
		of("the screen of an instance tagged auto may be seen", screenshot, box("auto", intel), allowed("TakeEvidence")),
		of("the screen of an untagged instance is never seen", screenshot, box("", intel), nothing),
		of("the console of a Graviton is never read, since no interrupt can follow", console, box("auto", "c7g.large"), denied("NeverGraviton")),
		of("the screen of a Graviton is never seen", screenshot, box("auto", "c7g.large"), denied("NeverGraviton")),
		of("the shutdown behaviour of an instance tagged auto may be read", attribute, box("auto", intel), allowed("ReadShutdownBehaviour")),
		of("the shutdown behaviour of an instance tagged manual may be read", attribute, box("manual", intel), allowed("ReadShutdownBehaviour")),
		of("the attributes of an untagged instance, user data among them, are never read", attribute, box("", intel), nothing),
	}
	for does, never := range map[string]string{
		"ec2:StopInstances": "stopped", "ec2:StartInstances": "started", "ec2:RebootInstances": "rebooted", "ec2:TerminateInstances": "terminated",
		"ec2:ModifyInstanceAttribute": "modified", "ec2:CreateTags": "opted in by the function itself", "ec2:DeleteTags": "opted out by the function itself",
		"ssm:SendCommand": "sent a command", "ec2:GetPasswordData": "asked for its password", "ec2-instance-connect:SendSerialConsoleSSHPublicKey": "logged in to",
	} {
		r := of("a tagged instance is never "+never, does, tag("auto"), nothing)
		rows = append(rows, r)
	}
	return append(append(rows, keySpellingRows(w)...), describeRows(w)...)
}

// keySpellingRows are about the tag's key in other spellings. IAM compares the key of a
// condition without case ("IAM JSON policy elements: Condition", IAM User Guide), so the
// policies let these in. The guard compares with case and refuses them: no policy can.
func keySpellingRows(w world) []row {
	var rows []row
	for _, key := range []string{"Crashcart", "CRASHCART", "crashCart"} {
		with := map[string]string{"aws:ResourceTag/" + key: "auto", "ec2:InstanceType": "m7i.large"}
		for does, sid := range map[string]string{interrupt: "Interrupt", console: "TakeEvidence", attribute: "ReadShutdownBehaviour"} {
			rows = append(rows, row{
				name: "no policy tells the key " + key + " from the right one, so the guard has to: " + does,
				by:   w.role, does: does, on: instance(region, account), with: with, want: allowed(sid),
			})
		}
		rows = append(rows, row{
			name: "no policy tells a group's key " + key + " from the right one", by: w.role, does: standby, on: group(region, account),
			with: map[string]string{"aws:ResourceTag/" + key: "auto"}, want: allowed("KeepUntilDumped"),
		})
		with = map[string]string{"aws:ResourceTag/" + key: "Auto", "ec2:InstanceType": "m7i.large"}
		rows = append(rows, row{name: "the value is compared with case, whatever the key " + key, by: w.role, does: interrupt, on: instance(region, account), with: with, want: nothing})
	}
	return rows
}

// describeRows are the reads that IAM ties to no resource.
func describeRows(w world) []row {
	elsewhere := map[string]string{"aws:RequestedRegion": otherRegion}
	var rows []row
	for does := range strings.FieldsSeq(`autoscaling:DescribeAutoScalingGroups ec2:DescribeInstanceStatus ec2:DescribeInstanceTypes ec2:DescribeInstances
		ec2:DescribeNetworkInterfaces ec2:DescribeVolumes elasticloadbalancing:DescribeTargetGroups elasticloadbalancing:DescribeTargetHealth ssm:DescribeInstanceInformation`) {
		rows = append(rows,
			row{name: does + " may be called in this Region", by: w.role, does: does, on: "*", want: allowed("Describe")},
			row{name: does + " is never called in another Region", by: w.role, does: does, on: "*", with: elsewhere, want: nothing})
	}
	const alarms = "cloudwatch:DescribeAlarms"
	hang := arn("cloudwatch", "alarm:crashcart-hang")
	rows = append(rows,
		row{name: "alarms may be read in this Region", by: w.role, does: alarms, on: hang, want: allowed("Describe")},
		row{name: "alarms are never read in another Region", by: w.role, does: alarms, on: hang, with: elsewhere, want: nothing})
	// IAM knows a metric only by the dataset of those that came by OpenTelemetry. Every other
	// one is on * ("Actions, resources, and condition keys for Amazon CloudWatch", Service
	// Authorization Reference), as the statement has it.
	const metrics = "cloudwatch:GetMetricData"
	dataset := arn("cloudwatch", "dataset/hosts")
	rows = append(rows,
		row{name: "metrics may be read in this Region", by: w.role, does: metrics, on: dataset, want: allowed("Describe")},
		row{name: "metrics are never read in another Region", by: w.role, does: metrics, on: dataset, with: elsewhere, want: nothing},
		row{name: "no metric is ever written, a heartbeat least of all", by: w.role, does: "cloudwatch:PutMetricData", on: dataset, want: nothing})
	for does, never := range map[string]string{
		"cloudwatch:DisableAlarmActions": "silenced", "cloudwatch:SetAlarmState": "set", "cloudwatch:DeleteAlarms": "deleted",
	} {
		rows = append(rows, row{name: "an alarm is never " + never, by: w.role, does: does, on: hang, want: nothing})
	}
	return rows
}

func groupRows(w world) []row {
	of := func(name, does string, with map[string]string, want verdict) row {
		return row{name: name, by: w.role, does: does, on: group(region, account), with: with, want: want}
	}
	rows := []row{
		of("a member of a group tagged auto may be put into Standby", standby, tag("auto"), allowed("KeepUntilDumped")),
		of("a member of a group tagged manual may be put into Standby", standby, tag("manual"), allowed("KeepUntilDumped")),
		of("a member of an untagged group is never put into Standby", standby, nil, nothing),
		of("a member of a group with another value is never put into Standby", standby, tag("no"), nothing),
		{
			name: "a member of a group of another Region is never put into Standby", by: w.role, does: standby, on: group(otherRegion, account),
			with: tag("auto"), want: nothing,
		},
		{
			name: "a member of a group of another account is never put into Standby", by: w.role, does: standby, on: group(region, otherAccount),
			in: otherAccount, with: tag("auto"), want: nothing,
		},
	}
	for does, never := range map[string]string{
		"autoscaling:ExitStandby": "taken out of Standby", "autoscaling:TerminateInstanceInAutoScalingGroup": "terminated",
		"autoscaling:DetachInstances": "detached", "autoscaling:SetInstanceHealth": "declared unhealthy",
		"autoscaling:CompleteLifecycleAction": "let go by its lifecycle hook",
	} {
		rows = append(rows, of("a member of a tagged group is never "+never, does, tag("auto"), nothing))
	}
	for does, never := range map[string]string{
		"autoscaling:UpdateAutoScalingGroup": "changed", "autoscaling:SetDesiredCapacity": "scaled",
		"autoscaling:SuspendProcesses": "suspended", "autoscaling:DeleteAutoScalingGroup": "deleted", "autoscaling:CreateOrUpdateTags": "opted in",
	} {
		rows = append(rows, of("a tagged group is never "+never, does, tag("auto"), nothing))
	}
	return rows
}

// typeRows ask for an interrupt of a tagged instance of every kind there is.
func typeRows(w world) []row {
	var rows []row
	of := func(kind, name string, want verdict) {
		rows = append(rows, row{name: kind + name, by: w.role, does: interrupt, on: instance(region, account), with: box("auto", kind), want: want})
	}
	for kind := range strings.FieldsSeq(`a1.medium a1.metal c6g.large c6gd.large c6gn.large c7g.large c7g.metal c7g-flex.large c7gd.large c7gn.large
		c8g.large c8g.48xlarge c8g-flex.large c8gb.large c8gd.large c8gn.large g5g.xlarge hpc7g.4xlarge i4g.large i8g.large i8ge.large im4gn.large
		is4gen.large m6g.large m6gd.large m7g.large m7g-flex.large m7gd.large m8g.large m8g-flex.large m8gb.large m8gd.large m8gn.large r6g.large
		r6gd.large r7g.large r7gd.large r8g.large r8gb.large r8gd.large r8gn.large t4g.micro x2gd.large x8g.large`) {
		of(kind, ", a Graviton, is never interrupted, whatever its tag", denied("NeverGraviton"))
	}
	for kind := range strings.FieldsSeq(`c5.large c5n.metal c6a.large c6in.large c7a.large c7i.large c7i-flex.large c8i.large d3en.large dl1.24xlarge
		f2.6xlarge g4ad.xlarge g4dn.xlarge g5.xlarge g6.xlarge g6e.xlarge g6f.large gr6.4xlarge hpc7a.96xlarge i3.metal i3en.large i4i.large i7i.large
		i7ie.large inf2.xlarge m5.large m5zn.metal m6a.large m6id.large m7a.large m7i-flex.large m8a.large p4d.24xlarge p5en.48xlarge r5b.large
		r7iz.large t3.micro t3a.nano trn1n.32xlarge u-6tb1.metal u7i-12tb.224xlarge u7in-16tb.224xlarge vt1.3xlarge x1e.xlarge x2iedn.large z1d.large`) {
		of(kind, ", no Graviton, may be interrupted", allowed("Interrupt"))
	}
	return rows
}
