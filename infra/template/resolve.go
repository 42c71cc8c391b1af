package template

import (
	"fmt"
	"strings"
)

// reference is what a resource is called: by Ref, and by its ARN.
type reference struct{ ref, arn string }

// resolver knows the references of a template's resources by logical id.
type resolver map[string]reference

// forms are what CloudFormation makes of the name of a resource of each type: what
// Ref gives, and the ARN. {} is the name.
var forms = map[string]reference{
	"AWS::DynamoDB::Table":    {"{}", arn("dynamodb") + "table/{}"},
	"AWS::Events::Rule":       {"{}", arn("events") + "rule/{}"},
	"AWS::IAM::ManagedPolicy": {"arn:" + Partition + ":iam::" + Account + ":policy/{}", "arn:" + Partition + ":iam::" + Account + ":policy/{}"},
	"AWS::IAM::Role":          {"{}", "arn:" + Partition + ":iam::" + Account + ":role/{}"},
	"AWS::KMS::Key":           {"{}", arn("kms") + "key/{}"},
	"AWS::Lambda::Function":   {"{}", arn("lambda") + "function:{}"},
	"AWS::Logs::LogGroup":     {"{}", arn("logs") + "log-group:{}:*"},
	"AWS::S3::Bucket":         {"{}", "arn:" + Partition + ":s3:::{}"},
	"AWS::SNS::Topic":         {arn("sns") + "{}", arn("sns") + "{}"},
	"AWS::SQS::Queue":         {"https://sqs." + Region + ".amazonaws.com/" + Account + "/{}", arn("sqs") + "{}"},

	"AWS::StepFunctions::StateMachine": {arn("states") + "stateMachine:{}", arn("states") + "stateMachine:{}"},
}

func arn(service string) string {
	return strings.Join([]string{"arn", Partition, service, Region, Account, ""}, ":")
}

// names gives a resource the names that CloudFormation would give it: of its own
// property, or made up from its logical id.
func names(id, kind string, properties map[string]any) reference {
	form, ok := forms[kind]
	if !ok {
		return reference{id, id}
	}
	name := strings.ToLower(id)
	for _, property := range []string{"TopicName", "QueueName", "FunctionName", "StateMachineName"} {
		if given, ok := properties[property].(string); ok {
			name = given
		}
	}
	return reference{strings.ReplaceAll(form.ref, "{}", name), strings.ReplaceAll(form.arn, "{}", name)}
}

// resolve replaces Ref, Fn::GetAtt, Fn::Join and Fn::Sub by what they come to.
func (r resolver) resolve(v any) any {
	switch v := v.(type) {
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = r.resolve(e)
		}
		return out
	case map[string]any:
		if s, ok := r.intrinsic(v); ok {
			return s
		}
		out := map[string]any{}
		for k, e := range v {
			out[k] = r.resolve(e)
		}
		return out
	}
	return v
}

func (r resolver) intrinsic(v map[string]any) (string, bool) {
	if len(v) != 1 {
		return "", false
	}
	if name, ok := v["Ref"].(string); ok {
		return r.ref(name), true
	}
	if at, ok := v["Fn::GetAtt"].([]any); ok && len(at) == 2 {
		switch from := r[fmt.Sprint(at[0])]; at[1] {
		case "Arn":
			return from.arn, true
		case "QueueName", "TopicName":
			return from.arn[strings.LastIndex(from.arn, ":")+1:], true
		}
		return fmt.Sprintf("${%v.%v}", at[0], at[1]), true
	}
	if join, ok := v["Fn::Join"].([]any); ok && len(join) == 2 {
		return strings.Join(list(r.resolve(join[1])), fmt.Sprint(join[0])), true
	}
	if sub, ok := v["Fn::Sub"].(string); ok {
		return strings.NewReplacer("${AWS::AccountId}", Account, "${AWS::Region}", Region, "${AWS::Partition}", Partition).Replace(sub), true
	}
	return "", false
}

func (r resolver) ref(name string) string {
	switch name {
	case "AWS::Region":
		return Region
	case "AWS::AccountId":
		return Account
	case "AWS::Partition":
		return Partition
	case "AWS::URLSuffix":
		return "amazonaws.com"
	}
	return r[name].ref
}
