package stack

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/jsii-runtime-go"
)

// newKey makes the one key of table, bucket and notification topic. It is kept when
// the stack goes, because what it has encrypted is kept.
//
// Its policy replaces the usual one, under which kms:* in IAM is enough to decrypt
// anything with it. Here IAM can allow the administration of the key, and its use
// through the three services alone.
func newKey(s Stack) awskms.Key {
	return awskms.NewKey(s.Stack, jsii.String("Key"), &awskms.KeyProps{
		Description:       jsii.String("Crashcart: casebook, evidence and notifications"),
		Alias:             jsii.String("alias/crashcart"),
		EnableKeyRotation: jsii.Bool(true),
		RemovalPolicy:     awscdk.RemovalPolicy_RETAIN_ON_UPDATE_OR_DELETE,
		Policy: awsiam.NewPolicyDocument(&awsiam.PolicyDocumentProps{Statements: &[]awsiam.PolicyStatement{
			administerKey(), useKeyThroughServices(s),
		}}),
	})
}

// thisKey is how a key's policy names the key ("Key policies in AWS KMS", AWS Key
// Management Service Developer Guide): the * means this key alone.
const thisKey = "*"

// administerKey is AWS's list for administrators ("Default key policy", AWS Key
// Management Service Developer Guide) without any use of the key. Without such a
// statement nobody could ever change the policy again.
func administerKey() awsiam.PolicyStatement {
	return awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Sid:        jsii.String("Administer"),
		Principals: &[]awsiam.IPrincipal{awsiam.NewAccountRootPrincipal()},
		Actions: jsii.Strings(
			"kms:CancelKeyDeletion", "kms:CreateAlias", "kms:DeleteAlias", "kms:DescribeKey", "kms:DisableKey", "kms:DisableKeyRotation",
			"kms:EnableKey", "kms:EnableKeyRotation", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus", "kms:ListGrants",
			"kms:ListKeyPolicies", "kms:ListKeyRotations", "kms:ListResourceTags", "kms:PutKeyPolicy", "kms:RevokeGrant", "kms:RotateKeyOnDemand",
			"kms:ScheduleKeyDeletion", "kms:TagResource", "kms:UntagResource", "kms:UpdateAlias", "kms:UpdateKeyDescription",
		),
		Resources: jsii.Strings(thisKey),
	})
}

// useKeyThroughServices is for all that read or write table, bucket or topic; the
// function is one of them. CreateGrant is DynamoDB's, for its work in the background
// ("Managing DynamoDB encryption keys: Authorizing use of your customer managed
// key", Amazon DynamoDB Developer Guide).
func useKeyThroughServices(s Stack) awsiam.PolicyStatement {
	via := func(service string) *string { return jsii.String(service + "." + *s.Region() + ".amazonaws.com") }
	return awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Sid:        jsii.String("UseThroughServices"),
		Principals: &[]awsiam.IPrincipal{awsiam.NewAccountRootPrincipal()},
		Actions: jsii.Strings("kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey",
			"kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncryptFrom", "kms:ReEncryptTo"),
		Resources: jsii.Strings(thisKey),
		Conditions: &map[string]any{"StringEquals": map[string]any{
			"kms:CallerAccount": s.Account(),
			"kms:ViaService":    []*string{via("dynamodb"), via("s3"), via("sns")},
		}},
	})
}
