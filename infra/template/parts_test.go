package template_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"crashcart/infra/template"
	"crashcart/lambda/aws/evidence"
	"crashcart/lambda/domain/config"
)

// has compares properties as JSON; keys with dots go down.
func has(t *testing.T, r template.Resource, want map[string]string) {
	t.Helper()
	for path, value := range want {
		var at any = r.Properties
		for key := range strings.SplitSeq(path, ".") {
			below, ok := at.(map[string]any)
			if !ok {
				at = nil
				break
			}
			at = below[key]
		}
		raw, err := json.Marshal(at)
		if err != nil {
			t.Fatal(err)
		}
		if got := madeUp.ReplaceAllString(string(raw), "NAME"); got != value {
			t.Errorf("%s of %s is %s, want %s", path, r.ID, got, value)
		}
	}
}

// function gives one of the three by its name.
func function(t *testing.T, context, name string) template.Resource {
	t.Helper()
	return read(t, context).One(t, "AWS::Lambda::Function", "FunctionName", "crashcart-"+name)
}

func TestTheFunctionsAreWhatTheBootstrapsExpect(t *testing.T) {
	for _, name := range []string{"interrupt", "count", "followup"} {
		has(t, function(t, shipped, name), map[string]string{
			"Runtime": `"provided.al2023"`, "Architectures": `["arm64"]`, "Handler": `"bootstrap"`,
			"LoggingConfig.LogGroup": `"NAME"`, "PackageType": "null", "VpcConfig": "null",
		})
		has(t, function(t, full, name), map[string]string{"ReservedConcurrentExecutions": "null"})
	}
	has(t, function(t, shipped, "interrupt"), map[string]string{
		"Timeout": fmt.Sprint(config.FunctionTimeout.Seconds()), "MemorySize": "512", "RecursiveLoop": `"Allow"`, "ReservedConcurrentExecutions": "20",
	})
	has(t, function(t, shipped, "followup"), map[string]string{
		"Timeout": fmt.Sprint(config.FollowupTimeout.Seconds()), "MemorySize": "256", "RecursiveLoop": "null", "ReservedConcurrentExecutions": "5",
	})
	has(t, function(t, shipped, "count"), map[string]string{
		"Timeout": "30", "MemorySize": "128", "RecursiveLoop": "null", "ReservedConcurrentExecutions": "1",
	})
	logs := read(t, full).Of("AWS::Logs::LogGroup")
	if len(logs) != 3 {
		t.Errorf("%d logs", len(logs))
	}
	for _, log := range logs {
		has(t, log, map[string]string{"RetentionInDays": "30"})
	}
}

// The functions' own readers decide whether they would start.
func TestTheCountStartsWithWhatTheStackTellsIt(t *testing.T) {
	for _, context := range []string{shipped, live, full} {
		got, err := config.CountFromEnv(template.Environ(function(t, context, "count")))
		if err != nil || !strings.HasPrefix(got.Table, "casebook") {
			t.Errorf("%+v, %v", got, err)
		}
	}
}

func TestTheInterruptStartsWithWhatTheStackTellsIt(t *testing.T) {
	for context, want := range map[string]config.Config{
		shipped: {Mode: config.ModeDryRun, Protect: config.ProtectAuto},
		live:    {Mode: config.ModeAuto, Protect: config.ProtectAuto},
		full:    {Mode: config.ModeAuto, Protect: config.ProtectOn},
	} {
		got, err := config.FromEnv(template.Environ(function(t, context, "interrupt")))
		if err != nil {
			t.Error(err)
		}
		if got.Mode != want.Mode || got.Protect != want.Protect {
			t.Errorf("it starts in mode %s with protect %s, want %s and %s", got.Mode, got.Protect, want.Mode, want.Protect)
		}
		if got.FollowupQueueURL != "https://sqs.eu-central-1.amazonaws.com/111122223333/crashcart-followup" {
			t.Errorf("it hands cases over to %s", got.FollowupQueueURL)
		}
		if got.Topic != notify || got.QueueURL != "https://sqs.eu-central-1.amazonaws.com/111122223333/crashcart-intake" ||
			!strings.HasPrefix(got.Table, "casebook") || !strings.HasPrefix(got.Bucket, "evidence") {
			t.Errorf("it works on %+v", got)
		}
		if context == full && got.Rules.Budget != 5 {
			t.Errorf("the budget is %d", got.Rules.Budget)
		}
	}
}

func TestNothingThatComesInIsLost(t *testing.T) {
	tpl := read(t, shipped)
	has(t, tpl.One(t, "AWS::SQS::Queue", "QueueName", "crashcart-intake"), map[string]string{
		"VisibilityTimeout": fmt.Sprint(6 * config.FunctionTimeout.Seconds()), "SqsManagedSseEnabled": "true", "KmsMasterKeyId": "null",
		"RedrivePolicy": `{"deadLetterTargetArn":"` + dead + `","maxReceiveCount":5}`, "FifoQueue": "null",
	})
	has(t, tpl.One(t, "AWS::SQS::Queue", "QueueName", "crashcart-dead-letters"), map[string]string{
		"SqsManagedSseEnabled": "true", "MessageRetentionPeriod": "1209600", "KmsMasterKeyId": "null",
	})
	has(t, tpl.One(t, "AWS::Lambda::EventSourceMapping", "FunctionName", "crashcart-interrupt"), map[string]string{
		"BatchSize": "10", "FunctionResponseTypes": `["ReportBatchItemFailures"]`, "ScalingConfig.MaximumConcurrency": "10",
		"EventSourceArn": `"` + queue + `"`, "FilterCriteria": "null",
	})
	has(t, tpl.One(t, "AWS::Lambda::EventInvokeConfig", "FunctionName", "crashcart-interrupt"), map[string]string{
		"MaximumRetryAttempts": "2", "MaximumEventAgeInSeconds": "1800", "Qualifier": `"$LATEST"`,
		"DestinationConfig.OnFailure.Destination": `"` + dead + `"`,
	})
	has(t, tpl.One(t, "AWS::SNS::Subscription"), map[string]string{
		"TopicArn": `"` + intake + `"`, "Endpoint": `"` + queue + `"`, "Protocol": `"sqs"`, "RawMessageDelivery": "false",
		"RedrivePolicy": `{"deadLetterTargetArn":"` + dead + `"}`, "FilterPolicy": "null",
	})
}

func TestTheRuleNeverTakesEveryAlarm(t *testing.T) {
	for context, names := range map[string]string{
		shipped: `[{"prefix":"crashcart-"}]`, full: `[{"prefix":"crashcart-"},{"prefix":"hang-"}]`,
	} {
		has(t, read(t, context).One(t, "AWS::Events::Rule", "Description", "Alarms that may name an instance to interrupt"), map[string]string{
			"EventPattern.source":      `["aws.cloudwatch"]`,
			"EventPattern.detail-type": `["CloudWatch Alarm State Change","CloudWatch Alarm Contributor State Change"]`,
			"EventPattern.detail":      `{"alarmName":` + names + `,"state":{"value":["ALARM"]}}`,
			"State":                    `"ENABLED"`,
			"Targets":                  `[{"Arn":"` + queue + `","DeadLetterConfig":{"Arn":"` + dead + `"},"Id":"Target0","RetryPolicy":{"MaximumEventAgeInSeconds":3600}}]`,
		})
	}
}

// Nothing of a count is worth keeping: the next one counts the same cases.
func TestTheOpenCasesAreCountedInEveryMode(t *testing.T) {
	for _, context := range []string{shipped, live, full} {
		regularly(t, context, "Has the open cases counted", "count", "Count", config.CountEvent)
	}
}

// A disabled key must not silence the alarm that says so.
func TestTheTopicsOfIntakeAndOwnAlarmsHaveNoKeyAndNotificationsHave(t *testing.T) {
	tpl := read(t, shipped)
	has(t, tpl.One(t, "AWS::SNS::Topic", "TopicName", "crashcart-alarms"), map[string]string{"KmsMasterKeyId": "null"})
	has(t, tpl.One(t, "AWS::SNS::Topic", "TopicName", "crashcart-intake"), map[string]string{"KmsMasterKeyId": "null"})
	has(t, tpl.One(t, "AWS::SNS::Topic", "TopicName", "crashcart-notifications"), map[string]string{
		"KmsMasterKeyId": `"arn:aws:kms:eu-central-1:111122223333:key/NAME"`,
	})
}

func TestTheCasebookIsTheTableThatTheFunctionReads(t *testing.T) {
	names := constants(t, "lambda/aws/casebook")
	quoted := func(name string) string { return `"` + names[name] + `"` }
	key := func(hash, sort string) string {
		return `[{"AttributeName":` + hash + `,"KeyType":"HASH"},{"AttributeName":` + sort + `,"KeyType":"RANGE"}]`
	}
	table := read(t, shipped).One(t, "AWS::DynamoDB::Table")
	has(t, table, map[string]string{
		"KeySchema": key(quoted("attrPK"), quoted("attrSK")),
		"GlobalSecondaryIndexes": `[{"IndexName":"` + config.OpenIndex + `","KeySchema":` + key(quoted("attrOpenKey"), quoted("attrOpenedAt")) +
			`,"Projection":{"ProjectionType":"ALL"}}]`,
		"TimeToLiveSpecification": `{"AttributeName":` + quoted("attrExpires") + `,"Enabled":true}`,
		"BillingMode":             `"PAY_PER_REQUEST"`, "DeletionProtectionEnabled": "true",
		"PointInTimeRecoverySpecification": `{"PointInTimeRecoveryEnabled":true}`,
		"SSESpecification":                 `{"KMSMasterKeyId":"arn:aws:kms:eu-central-1:111122223333:key/NAME","SSEEnabled":true,"SSEType":"KMS"}`,
	})
}

func TestTheEvidenceIsPrivate(t *testing.T) {
	bucket := read(t, shipped).One(t, "AWS::S3::Bucket")
	has(t, bucket, map[string]string{
		"PublicAccessBlockConfiguration": `{"BlockPublicAcls":true,"BlockPublicPolicy":true,"IgnorePublicAcls":true,"RestrictPublicBuckets":true}`,
		"VersioningConfiguration":        `{"Status":"Enabled"}`,
		"OwnershipControls":              `{"Rules":[{"ObjectOwnership":"BucketOwnerEnforced"}]}`,
		"BucketEncryption": `{"ServerSideEncryptionConfiguration":[{"BucketKeyEnabled":true,"ServerSideEncryptionByDefault":` +
			`{"KMSMasterKeyID":"arn:aws:kms:eu-central-1:111122223333:key/NAME","SSEAlgorithm":"aws:kms"}}]}`,
		"LifecycleConfiguration": `{"Rules":[{"AbortIncompleteMultipartUpload":{"DaysAfterInitiation":7},"ExpirationInDays":365,"Id":"evidence",` +
			`"NoncurrentVersionExpiration":{"NoncurrentDays":30},"Status":"Enabled"}]}`,
	})
	same(t, of(t, shipped, "EvidencePolicy"),
		"Deny AWS:* to s3:* on arn:aws:s3:::NAME arn:aws:s3:::NAME/* if Bool aws:SecureTransport=false",
		"Deny AWS:* to s3:* on arn:aws:s3:::NAME arn:aws:s3:::NAME/* if NumericLessThan s3:TlsVersion=1.2")
}

// keeps are the places where the interrupt function's role may put objects.
func keeps(t *testing.T) []string {
	t.Helper()
	for _, s := range read(t, shipped).Statements(t) {
		if s.Sid == "KeepEvidence" {
			places := slices.Clone(s.Resources)
			for i := range places {
				places[i] = madeUp.ReplaceAllString(places[i], "NAME")
			}
			return places
		}
	}
	t.Fatal("the statement KeepEvidence is gone")
	return nil
}

// The role may put objects where the function puts them.
func TestTheEvidenceIsWhereTheRoleMayPutIt(t *testing.T) {
	for _, dryRun := range []bool{false, true} {
		object := "arn:aws:s3:::NAME/" + evidence.Prefix("CASE", dryRun) + "/" + evidence.FileIndex
		if !slices.ContainsFunc(keeps(t), func(glob string) bool { return strings.HasPrefix(object, strings.TrimSuffix(glob, "*")) }) {
			t.Errorf("the role may not put %s: see the statement KeepEvidence in infra/permissions", object)
		}
	}
	if n := len(keeps(t)); n != 2 {
		t.Errorf("the role may put objects in %d places, want one for cases and one for dry runs", n)
	}
}

// What a first deployment that fails has made is empty, and must not stay to cost
// something or to be in the way.
func TestWhatItRemembersSurvivesTheStackButNeverAFailedFirstDeployment(t *testing.T) {
	for _, context := range []string{shipped, full} {
		var kept []string
		for _, r := range read(t, context).Resources {
			if r.Deletion == "RetainExceptOnCreate" && r.Replacement == "Retain" {
				kept = append(kept, r.Type)
			} else if r.Deletion != "" && r.Deletion != "Delete" || r.Replacement != "" && r.Replacement != "Delete" {
				t.Errorf("%s: %s when it is deleted, %s when it is replaced", r.ID, r.Deletion, r.Replacement)
			}
		}
		slices.Sort(kept)
		if want := []string{"AWS::DynamoDB::Table", "AWS::KMS::Key", "AWS::Logs::LogGroup", "AWS::S3::Bucket"}; !slices.Equal(kept, want) {
			t.Errorf("%s keeps %q, want %q", context, kept, want)
		}
	}
}

func TestTheStackHasTheseResourcesAndNoOther(t *testing.T) {
	count := func(context string) map[string]int {
		n := map[string]int{}
		for _, r := range read(t, context).Resources {
			n[strings.TrimPrefix(r.Type, "AWS::")]++
		}
		return n
	}
	want := map[string]int{
		"CloudWatch::Alarm": 24, "CloudWatch::Dashboard": 1, "DynamoDB::Table": 1, "Events::Rule": 3, "IAM::Role": 4, "KMS::Alias": 1, "KMS::Key": 1,
		"Lambda::EventInvokeConfig": 3, "Lambda::EventSourceMapping": 2, "Lambda::Function": 3, "Lambda::Permission": 3, "Logs::LogGroup": 3,
		"S3::Bucket": 1, "S3::BucketPolicy": 1, "SNS::Subscription": 1, "SNS::Topic": 3, "SNS::TopicPolicy": 3, "SQS::Queue": 4, "SQS::QueuePolicy": 4,
		"SSM::Document": 1, "StepFunctions::StateMachine": 1,
	}
	if got := count(shipped); !maps.Equal(got, want) {
		t.Errorf("shipped: %v", got)
	}
	want["CloudWatch::Alarm"] += 3
	if got := count(full); !maps.Equal(got, want) {
		t.Errorf("full: %v", got)
	}
}
