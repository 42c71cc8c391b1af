package policytest_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"strings"
	"testing"

	"crashcart/infra/template"
)

// documents are the template's policies: those on a resource and managed ones by
// ARN, a role's own by identityOf.
type documents map[string]map[string]any

// identityOf names the policy of a role.
func identityOf(r template.Resource) string { return "identity of " + r.ID }

// managedARN is the ARN of a managed policy of the stack.
func managedARN(r template.Resource) string {
	return "arn:aws:iam::" + template.Account + ":policy/" + strings.ToLower(r.ID)
}

// attached names the policies that a role has: its own and managed ones. One that
// the stack has not made cannot be evaluated and must not be there.
func (d documents) attached(t *testing.T, role template.Resource) []string {
	t.Helper()
	names := d.managed(t, role.Properties["ManagedPolicyArns"])
	if role.Properties["Policies"] != nil {
		names = append(names, identityOf(role))
	}
	return names
}

// managed names the stack's managed policies in a list of ARNs.
func (d documents) managed(t *testing.T, arns any) (names []string) {
	t.Helper()
	for _, v := range list(arns) {
		name := fmt.Sprint(v)
		if d[name] == nil {
			t.Fatalf("%s is a policy from elsewhere", name)
		}
		names = append(names, name)
	}
	return names
}

// of names the policy on a resource, "" for none. An object is its bucket's.
func (d documents) of(arn string) string {
	if bucket, _, ok := strings.Cut(arn, "/"); ok && strings.HasPrefix(arn, "arn:aws:s3:::") {
		arn = bucket
	}
	if _, ok := d[arn]; ok {
		return arn
	}
	return ""
}

const (
	// everything is AWS's AdministratorAccess.
	everything = "AdministratorAccess"
	// usualKey is a key of this account that the stack has not made, with the policy that a
	// key usually has ("Default key policy", AWS Key Management Service Developer Guide).
	usualKey = "arn:aws:kms:" + template.Region + ":" + template.Account + ":key/usual"
)

// theirs are the policies that the stack has not made.
func theirs() documents {
	policy := func(statement map[string]any) map[string]any {
		return map[string]any{"Version": "2012-10-17", "Statement": []any{statement}}
	}
	return documents{
		everything: policy(map[string]any{"Sid": everything, "Effect": "Allow", "Action": "*", "Resource": "*"}),
		usualKey: policy(map[string]any{
			"Sid": "Usual", "Effect": "Allow", "Action": "kms:*", "Resource": "*",
			"Principal": map[string]any{"AWS": "arn:aws:iam::" + template.Account + ":root"},
		}),
	}
}

// collect gives every policy of the template, and theirs.
func collect(t *testing.T, tpl template.Template) documents {
	t.Helper()
	docs := documents{}
	for _, r := range tpl.Resources {
		for name, document := range policiesOf(t, r) {
			if docs[name] != nil {
				t.Fatalf("%s has two policies", name)
			}
			docs[name] = label(t, clone(t, document))
		}
	}
	n := 0
	for name := range docs {
		n += len(statements(t, docs[name]))
	}
	if want := len(tpl.Statements(t)); n != want {
		t.Fatalf("%d of the template's %d statements are evaluated: policiesOf does not know a resource that has some", n, want)
	}
	maps.Copy(docs, theirs())
	return docs
}

// policiesOf gives a resource's policies by what they are on.
func policiesOf(t *testing.T, r template.Resource) map[string]map[string]any {
	t.Helper()
	p, found := r.Properties, map[string]map[string]any{}
	document := func(name string, v any) {
		d, ok := v.(map[string]any)
		if !ok {
			t.Fatalf("%s has no policy for %s", r.ID, name)
		}
		found[name] = d
	}
	switch r.Type {
	case "AWS::IAM::Role":
		document(roleARN(r), p["AssumeRolePolicyDocument"])
		for _, v := range list(p["Policies"]) {
			document(identityOf(r), v.(map[string]any)["PolicyDocument"])
		}
	case "AWS::IAM::ManagedPolicy":
		document(managedARN(r), p["PolicyDocument"])
	case "AWS::KMS::Key":
		document(arn("kms", "key/"+strings.ToLower(r.ID)), p["KeyPolicy"])
	case "AWS::SNS::TopicPolicy":
		document(fmt.Sprint(list(p["Topics"])...), p["PolicyDocument"])
	case "AWS::SQS::QueuePolicy":
		address := fmt.Sprint(list(p["Queues"])...)
		document(arn("sqs", address[strings.LastIndex(address, "/")+1:]), p["PolicyDocument"])
	case "AWS::S3::BucketPolicy":
		document("arn:aws:s3:::"+fmt.Sprint(p["Bucket"]), p["PolicyDocument"])
	case "AWS::Lambda::Permission":
		document(fmt.Sprint(p["FunctionName"]), permission(p))
	}
	return found
}

// invokers name the statement that lets a service invoke a function.
var invokers = map[string]string{invoking: "Alarms", "events.amazonaws.com": "Schedule"}

// permission is the policy that Lambda makes of an AddPermission ("Granting
// function access to AWS services", AWS Lambda Developer Guide).
func permission(p map[string]any) map[string]any {
	conditions := map[string]any{}
	if v, ok := p["SourceAccount"]; ok {
		conditions["StringEquals"] = map[string]any{"aws:SourceAccount": v}
	}
	if v, ok := p["SourceArn"]; ok {
		conditions["ArnLike"] = map[string]any{"aws:SourceArn": v}
	}
	return map[string]any{"Version": "2012-10-17", "Statement": []any{map[string]any{
		"Sid": invokers[fmt.Sprint(p["Principal"])], "Effect": "Allow", "Principal": map[string]any{"Service": p["Principal"]},
		"Action": p["Action"], "Resource": p["FunctionName"], "Condition": conditions,
	}}}
}

// hash is what the CDK appends to a Sid that it makes up.
var hash = regexp.MustCompile(`[0-9A-F]{8}$`)

// label gives every statement a Sid, by which the table names it: where the CDK
// gives none, the service that is let in, or the key that is read.
func label(t *testing.T, document map[string]any) map[string]any {
	t.Helper()
	for _, s := range statements(t, document) {
		if sid, ok := s["Sid"].(string); ok {
			s["Sid"] = hash.ReplaceAllString(sid, "")
			continue
		}
		who, _ := s["Principal"].(map[string]any)
		name, _, _ := strings.Cut(fmt.Sprint(who["Service"]), ".")
		if s["Effect"] == "Deny" {
			for _, keys := range s["Condition"].(map[string]any) {
				for key := range keys.(map[string]any) {
					_, name, _ = strings.Cut(key, ":")
				}
			}
		}
		s["Sid"] = fmt.Sprint(s["Effect"]) + strings.ToUpper(name[:1]) + name[1:]
	}
	return document
}

// clone copies a document, so that what a test does to it stays with the test.
func clone(t *testing.T, document map[string]any) (same map[string]any) {
	t.Helper()
	raw, err := json.Marshal(document)
	if err == nil {
		err = json.Unmarshal(raw, &same)
	}
	if err != nil {
		t.Fatal(err)
	}
	return same
}

func statements(t *testing.T, document map[string]any) []map[string]any {
	t.Helper()
	var found []map[string]any
	for _, s := range list(document["Statement"]) {
		found = append(found, s.(map[string]any))
	}
	return found
}

// list is what IAM's JSON has as one value or as many.
func list(v any) []any {
	switch v := v.(type) {
	case nil:
		return nil
	case []any:
		return v
	}
	return []any{v}
}

// arn is one of this account and Region.
func arn(service, resource string) string {
	return strings.Join([]string{"arn", template.Partition, service, template.Region, template.Account, resource}, ":")
}

func roleARN(r template.Resource) string {
	return "arn:aws:iam::" + template.Account + ":role/" + strings.ToLower(r.ID)
}
