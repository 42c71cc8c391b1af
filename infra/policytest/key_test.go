package policytest_test

import (
	"maps"
	"strings"
)

const (
	decrypt = "kms:Decrypt"
	dataKey = "kms:GenerateDataKey"
)

// through is what KMS sees when a service calls it for somebody of an account.
func through(service, account string) map[string]string {
	with := map[string]string{"kms:CallerAccount": account}
	if service != "" {
		with["kms:ViaService"] = service + "." + region + ".amazonaws.com"
	}
	return with
}

// keyRows are about who may read what is encrypted.
func keyRows(w world) []row {
	of := func(name string, by principal, does string, with map[string]string, want verdict) row {
		return row{name: name, by: by, does: does, on: w.key, with: with, want: want}
	}
	own := alarm(publishing, region, account, "crashcart_dead-letters")
	arnOfOwn := own.brings["aws:SourceArn"]
	byRole, byAdministrator := allowed("Encrypt", "UseThroughServices"), allowed(everything, "UseThroughServices")
	rows := []row{
		of("the function may read the casebook", w.role, decrypt, through("dynamodb", account), byRole),
		of("the function may encrypt evidence", w.role, dataKey, through("s3", account), byRole),
		of("the function may encrypt notifications", w.role, dataKey, through("sns", account), byRole),
		of("the function never decrypts by itself", w.role, decrypt, through("", account), nothing),
		of("the function never decrypts for another service", w.role, decrypt, through("secretsmanager", account), nothing),
		of("the function never encrypts with another key of ours", w.role, "kms:Encrypt", through("s3", account), nothing),
		of("just anybody of this account never decrypts", w.person, decrypt, through("s3", account), nothing),
		of("an administrator may read evidence", w.administrator, decrypt, through("s3", account), byAdministrator),
		of("an administrator never decrypts by himself", w.administrator, decrypt, through("", account), nothing),
		of("an administrator never encrypts by himself", w.administrator, "kms:Encrypt", through("", account), nothing),
		of("an administrator never makes a grant by himself", w.administrator, "kms:CreateGrant", through("", account), nothing),
		of("an administrator never decrypts through Secrets Manager", w.administrator, decrypt, through("secretsmanager", account), nothing),
		of("an administrator never decrypts through another Region", w.administrator, decrypt,
			map[string]string{"kms:CallerAccount": account, "kms:ViaService": "s3." + otherRegion + ".amazonaws.com"}, nothing),
		of("another account never decrypts", w.foreign, decrypt, through("", otherAccount), nothing),
		of("another account never decrypts through S3", w.foreign, decrypt, through("s3", otherAccount), nothing),
		of("another account never administers the key", w.foreign, "kms:PutKeyPolicy", through("", otherAccount), nothing),
		of("the public never decrypts", w.anybody, decrypt, nil, nothing),
		of("a call that KMS counts to another account never decrypts", w.administrator, decrypt, through("s3", otherAccount), nothing),
		of("not even an alarm that watches Crashcart uses the key to encrypt", own, dataKey, nil, nothing),
		of("not even an alarm that watches Crashcart uses the key to decrypt", own, decrypt, nil, nothing),
		of("another alarm of this account never uses the key", alarm(publishing, region, account, "crashcart-hang"), dataKey, nil, nothing),
		of("an alarm of another account never uses the key", alarm(publishing, region, otherAccount, "crashcart_dead-letters"), dataKey, nil, nothing),
		of("an alarm of another Region never uses the key", alarm(publishing, otherRegion, account, "crashcart_dead-letters"), decrypt, nil, nothing),
		of("an alarm whose account is not the one in its ARN never uses the key", service(publishing, otherAccount, arnOfOwn), decrypt, nil, nothing),
		of("CloudWatch never uses the key for nobody", service(publishing, "", ""), decrypt, nil, nothing),
		of("an alarm that watches Crashcart never encrypts by itself", own, "kms:Encrypt", nil, nothing),
		of("another service, in an own alarm's name, never uses the key", service("s3.amazonaws.com", account, arnOfOwn), decrypt, nil, nothing),
		of("EventBridge never uses the key", service("events.amazonaws.com", account, w.rule), dataKey, nil, nothing),
		of("SNS never uses the key by itself", service("sns.amazonaws.com", account, w.notifications), dataKey, nil, nothing),
		of("another account's SNS never uses the key", service("sns.amazonaws.com", otherAccount, strings.Replace(w.notifications, account, otherAccount, 1)), decrypt, nil, nothing),
		of("another account's S3 never uses the key", service("s3.amazonaws.com", otherAccount, "arn:aws:s3:::theirs"), decrypt, nil, nothing),
		of("nobody makes a key pair of the key, even through S3", w.administrator, "kms:GenerateDataKeyPair", through("s3", account), nothing),
		{name: "the function never decrypts with another key", by: w.role, does: decrypt, on: usualKey, with: through("s3", account), want: nothing},
	}
	return rows
}

// administratorRows are what the account itself may do with its key: change it, but
// use it only where the data is.
func administratorRows(w world) []row {
	var rows []row
	for does := range strings.FieldsSeq(`CancelKeyDeletion DescribeKey DisableKey DisableKeyRotation EnableKey EnableKeyRotation GetKeyPolicy
		GetKeyRotationStatus ListGrants ListKeyPolicies ListKeyRotations ListResourceTags PutKeyPolicy RevokeGrant RotateKeyOnDemand ScheduleKeyDeletion
		TagResource UntagResource UpdateKeyDescription CreateAlias DeleteAlias UpdateAlias`) {
		rows = append(rows, row{
			name: "an administrator may administer the key: " + does, by: w.administrator, does: "kms:" + does, on: w.key,
			want: allowed(everything, "Administer"),
		})
	}
	for does := range strings.FieldsSeq(`CreateGrant Decrypt DescribeKey Encrypt GenerateDataKey GenerateDataKeyWithoutPlaintext ReEncryptFrom ReEncryptTo`) {
		for service := range strings.FieldsSeq("dynamodb s3 sns") {
			want := allowed(everything, "UseThroughServices")
			if does == "DescribeKey" {
				want = allowed(everything, "Administer", "UseThroughServices")
			}
			with := map[string]string{}
			maps.Copy(with, through(service, account))
			rows = append(rows, row{
				name: "an administrator may use the key through " + service + ": " + does, by: w.administrator, does: "kms:" + does, on: w.key,
				with: with, want: want,
			})
		}
	}
	return rows
}
