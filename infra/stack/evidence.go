package stack

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/aws/jsii-runtime-go"
)

const (
	// replacedDays is how long an overwritten or deleted object can be had back. It
	// is versioned against a slip, not as an archive: a dump may be as big as memory.
	replacedDays = 30
	// unfinishedDays is how long the parts of an upload stay that nobody completed. A
	// case is open for two days at most.
	unfinishedDays = 7
)

// newEvidence makes the bucket. A console or a dump holds whatever was in the
// machine's memory, so it is as private as a bucket can be; it survives the stack.
//
// There is one retention for all of a case. A shorter one for dumps alone would need a tag
// on every dump, or a folder of their own: a rule's prefix counts from the beginning of a
// key, and a case's id comes before "dump" ("Lifecycle configuration elements", Amazon S3
// User Guide).
func newEvidence(s Stack, key awskms.Key, days int) awss3.Bucket {
	return awss3.NewBucket(s.Stack, jsii.String("Evidence"), &awss3.BucketProps{
		Versioned:         jsii.Bool(true),
		Encryption:        awss3.BucketEncryption_KMS,
		EncryptionKey:     key,
		BucketKeyEnabled:  jsii.Bool(true), // a dump of 10,000 parts would be as many calls to KMS
		BlockPublicAccess: awss3.BlockPublicAccess_BLOCK_ALL(),
		ObjectOwnership:   awss3.ObjectOwnership_BUCKET_OWNER_ENFORCED,
		EnforceSSL:        jsii.Bool(true),
		MinimumTLSVersion: jsii.Number(1.2),
		LifecycleRules: &[]*awss3.LifecycleRule{{
			Id:                                  jsii.String("evidence"),
			Expiration:                          daysLong(days),
			NoncurrentVersionExpiration:         daysLong(replacedDays),
			AbortIncompleteMultipartUploadAfter: daysLong(unfinishedDays),
		}},
		RemovalPolicy: awscdk.RemovalPolicy_RETAIN_ON_UPDATE_OR_DELETE,
	})
}

func daysLong(n int) awscdk.Duration { return awscdk.Duration_Days(jsii.Number(n)) }
