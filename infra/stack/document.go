package stack

import (
	"encoding/json"
	"fmt"

	"github.com/aws/aws-cdk-go/awscdk/v2/awsssm"
	"github.com/aws/jsii-runtime-go"

	"crashcart/infra/hosts"
	"crashcart/lambda/domain/config"
)

// newCollectDocument makes the SSM document that a host runs to give its dump. Its name is
// fixed, because the function and its role must know it. A changed script is a new version,
// which is the default one from then on: a document with a name of its own cannot be
// replaced ("AWS::SSM::Document: UpdateMethod", AWS CloudFormation).
func newCollectDocument(s Stack) awsssm.CfnDocument {
	return awsssm.NewCfnDocument(s.Stack, jsii.String("CollectDocument"), &awsssm.CfnDocumentProps{
		Name:           jsii.String(config.DocumentCollect),
		Content:        collectContent(),
		DocumentFormat: jsii.String("JSON"),
		DocumentType:   jsii.String("Command"),
		TargetType:     jsii.String("/AWS::EC2::Instance"), // no node from elsewhere has a case
		UpdateMethod:   jsii.String("NewVersion"),
	})
}

// collectContent is the document as CloudFormation wants it: not as text.
func collectContent() map[string]any {
	raw, err := hosts.Collect()
	var content map[string]any
	if err == nil {
		err = json.Unmarshal(raw, &content)
	}
	if err != nil {
		panic(fmt.Sprintf("the document %s cannot be read: %v", config.DocumentCollect, err)) // it is in the program
	}
	return content
}
