package stack

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/jsii-runtime-go"

	"crashcart/infra/permissions"
)

// newRole makes a role with exactly these statements, for the one who assumes it. Constructs
// that would add to it are not let to.
func newRole(s Stack, id, description string, by awsiam.IPrincipal, statements []permissions.Statement) awsiam.IRole {
	list := make([]awsiam.PolicyStatement, len(statements))
	for i, statement := range statements {
		list[i] = newStatement(statement)
	}
	role := awsiam.NewRole(s.Stack, jsii.String(id), &awsiam.RoleProps{
		Description: jsii.String(description),
		AssumedBy:   by,
		InlinePolicies: &map[string]awsiam.PolicyDocument{
			"crashcart": awsiam.NewPolicyDocument(&awsiam.PolicyDocumentProps{Statements: &list}),
		},
	})
	return role.WithoutPolicyUpdates(nil)
}

// lambdaService is Lambda when it runs a function. It sends no source when it assumes a
// role, so there is no condition.
func lambdaService() awsiam.IPrincipal {
	return awsiam.NewServicePrincipal(jsii.String("lambda.amazonaws.com"), nil)
}

func newStatement(s permissions.Statement) awsiam.PolicyStatement {
	effect := awsiam.Effect_ALLOW
	if s.Deny {
		effect = awsiam.Effect_DENY
	}
	statement := &awsiam.PolicyStatementProps{
		Sid: jsii.String(s.Sid), Effect: effect, Actions: jsii.Strings(s.Actions...), Resources: jsii.Strings(s.Resources...),
	}
	if s.If != nil {
		statement.Conditions = &s.If
	}
	return awsiam.NewPolicyStatement(statement)
}
