package stack_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"crashcart/infra/stack/stacktest"
	"crashcart/lambda/config"
)

// has compares properties as JSON; keys with dots go down.
func has(t *testing.T, r stacktest.Resource, want map[string]string) {
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

func TestTheFunctionIsWhatTheBootstrapExpects(t *testing.T) {
	has(t, template(t, shipped).One(t, "AWS::Lambda::Function"), map[string]string{
		"Runtime": `"provided.al2023"`, "Architectures": `["arm64"]`, "Handler": `"bootstrap"`, "FunctionName": `"crashcart-interrupt"`,
		"Timeout": fmt.Sprint(config.FunctionTimeout.Seconds()), "MemorySize": "512", "RecursiveLoop": `"Allow"`, "ReservedConcurrentExecutions": "20",
		"LoggingConfig.LogGroup": `"NAME"`, "PackageType": "null", "VpcConfig": "null",
	})
	has(t, template(t, full).One(t, "AWS::Lambda::Function"), map[string]string{"ReservedConcurrentExecutions": "null"})
	has(t, template(t, full).One(t, "AWS::Logs::LogGroup"), map[string]string{"RetentionInDays": "30"})
}

// The function's own reader decides whether it would start.
func TestTheFunctionStartsWithWhatTheStackTellsIt(t *testing.T) {
	for context, want := range map[string]config.Config{
		shipped: {Mode: config.ModeDryRun, Protect: config.ProtectAuto},
		live:    {Mode: config.ModeAuto, Protect: config.ProtectAuto},
		full:    {Mode: config.ModeAuto, Protect: config.ProtectOn},
	} {
		fn := template(t, context).One(t, "AWS::Lambda::Function")
		env, _ := fn.Properties["Environment"].(map[string]any)
		variables, _ := env["Variables"].(map[string]any)
		environ := []string{"AWS_REGION=" + stacktest.Region}
		for name, value := range variables {
			environ = append(environ, fmt.Sprintf("%s=%s", name, value))
		}
		got, err := config.FromEnv(environ)
		if err != nil {
			t.Error(err)
		}
		if got.Mode != want.Mode || got.Protect != want.Protect {
			t.Errorf("it starts in mode %s with protect %s, want %s and %s", got.Mode, got.Protect, want.Mode, want.Protect)
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

func TestGoingLiveIsOneLine(t *testing.T) {
	before := strings.Split(string(template(t, shipped).JSON), "\n")
	after := strings.Split(string(template(t, live).JSON), "\n")
	var changed []string
	for i := range min(len(before), len(after)) {
		if before[i] != after[i] {
			changed = append(changed, strings.TrimSpace(after[i]))
		}
	}
	if len(before) != len(after) || len(changed) != 1 || !strings.HasPrefix(changed[0], `"CRASHCART_MODE": "auto"`) {
		t.Errorf("%q", changed)
	}
}

func TestNothingThatComesInIsLost(t *testing.T) {
	tpl := template(t, shipped)
	has(t, tpl.One(t, "AWS::SQS::Queue", "QueueName", "crashcart-intake"), map[string]string{
		"VisibilityTimeout": fmt.Sprint(6 * config.FunctionTimeout.Seconds()), "SqsManagedSseEnabled": "true", "KmsMasterKeyId": "null",
		"RedrivePolicy": `{"deadLetterTargetArn":"` + dead + `","maxReceiveCount":5}`, "FifoQueue": "null",
	})
	has(t, tpl.One(t, "AWS::SQS::Queue", "QueueName", "crashcart-dead-letters"), map[string]string{
		"SqsManagedSseEnabled": "true", "MessageRetentionPeriod": "1209600", "KmsMasterKeyId": "null",
	})
	has(t, tpl.One(t, "AWS::Lambda::EventSourceMapping"), map[string]string{
		"BatchSize": "10", "FunctionResponseTypes": `["ReportBatchItemFailures"]`, "ScalingConfig.MaximumConcurrency": "10",
		"EventSourceArn": `"` + queue + `"`, "FunctionName": `"crashcart-interrupt"`, "FilterCriteria": "null",
	})
	has(t, tpl.One(t, "AWS::Lambda::EventInvokeConfig"), map[string]string{
		"MaximumRetryAttempts": "2", "MaximumEventAgeInSeconds": "900", "Qualifier": `"$LATEST"`, "FunctionName": `"crashcart-interrupt"`,
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
		has(t, template(t, context).One(t, "AWS::Events::Rule"), map[string]string{
			"EventPattern.source":      `["aws.cloudwatch"]`,
			"EventPattern.detail-type": `["CloudWatch Alarm State Change","CloudWatch Alarm Contributor State Change"]`,
			"EventPattern.detail":      `{"alarmName":` + names + `,"state":{"value":["ALARM"]}}`,
			"State":                    `"ENABLED"`,
			"Targets":                  `[{"Arn":"` + queue + `","DeadLetterConfig":{"Arn":"` + dead + `"},"Id":"Target0","RetryPolicy":{"MaximumEventAgeInSeconds":3600}}]`,
		})
	}
}

func TestTheIntakeTopicHasNoKeyAndNotificationsHave(t *testing.T) {
	tpl := template(t, shipped)
	has(t, tpl.One(t, "AWS::SNS::Topic", "TopicName", "crashcart-intake"), map[string]string{"KmsMasterKeyId": "null"})
	has(t, tpl.One(t, "AWS::SNS::Topic", "TopicName", "crashcart-notifications"), map[string]string{
		"KmsMasterKeyId": `"arn:aws:kms:eu-central-1:111122223333:key/NAME"`,
	})
}

func TestTheCasebookIsTheTableThatTheFunctionReads(t *testing.T) {
	names := constants(t, "lambda/casebook")
	quoted := func(name string) string { return `"` + names[name] + `"` }
	key := func(hash, sort string) string {
		return `[{"AttributeName":` + hash + `,"KeyType":"HASH"},{"AttributeName":` + sort + `,"KeyType":"RANGE"}]`
	}
	table := template(t, shipped).One(t, "AWS::DynamoDB::Table")
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
	bucket := template(t, shipped).One(t, "AWS::S3::Bucket")
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

// The role may put objects only where the function puts them.
func TestTheEvidenceIsWhereTheRoleMayPutIt(t *testing.T) {
	source, err := os.ReadFile("../../lambda/look/store.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`prefix := "cases/" + caseID`, `return "dry/" + prefix`} {
		if !strings.Contains(string(source), want) {
			t.Errorf("look.Prefix no longer says %s: see the statement Evidence in infra/permissions", want)
		}
	}
}

func TestWhatItRemembersSurvivesTheStack(t *testing.T) {
	var kept []string
	for _, r := range template(t, full).Resources {
		if r.Deletion == "Retain" {
			kept = append(kept, r.Type)
		}
	}
	slices.Sort(kept)
	if want := []string{"AWS::DynamoDB::Table", "AWS::KMS::Key", "AWS::Logs::LogGroup", "AWS::S3::Bucket"}; !slices.Equal(kept, want) {
		t.Errorf("kept: %q, want %q", kept, want)
	}
}

func TestTheStackHasTheseResourcesAndNoOther(t *testing.T) {
	count := func(context string) map[string]int {
		n := map[string]int{}
		for _, r := range template(t, context).Resources {
			n[strings.TrimPrefix(r.Type, "AWS::")]++
		}
		return n
	}
	want := map[string]int{
		"CloudWatch::Alarm": 5, "CloudWatch::Dashboard": 1, "DynamoDB::Table": 1, "Events::Rule": 1, "IAM::Role": 1, "KMS::Alias": 1, "KMS::Key": 1,
		"Lambda::EventInvokeConfig": 1, "Lambda::EventSourceMapping": 1, "Lambda::Function": 1, "Lambda::Permission": 1, "Logs::LogGroup": 1,
		"S3::Bucket": 1, "S3::BucketPolicy": 1, "SNS::Subscription": 1, "SNS::Topic": 2, "SNS::TopicPolicy": 2, "SQS::Queue": 2, "SQS::QueuePolicy": 2,
	}
	if got := count(shipped); !maps.Equal(got, want) {
		t.Errorf("shipped: %v", got)
	}
	want["CloudWatch::Alarm"] += 3
	want["IAM::Role"], want["IAM::ManagedPolicy"], want["Chatbot::CustomAction"], want["Chatbot::SlackChannelConfiguration"] = 2, 1, 1, 1
	if got := count(full); !maps.Equal(got, want) {
		t.Errorf("full: %v", got)
	}
}
