// Package collect brings the files of a crash from a host into the bucket.
//
// The host needs no credentials. Commands has the host's agent run our script, once to
// survey what there is, and then to send it. Store opens a multipart upload for each file,
// and gives the script a manifest with a presigned URL for every part. The order is:
//
//	Commands.Survey -> Commands.Poll -> dump.ParseSurvey -> Store.Start
//	Store.Sign -> Commands.Send -> Commands.Poll -> dump.ParseReport -> Store.Finish
//
// The second line is repeated for as long as dump.Collection.Open says so: a presigned URL
// ends with the session of the role that signed it, a host reboots, a connection breaks.
// Parts that have arrived stay, and are not sent again.
//
// Nothing that the host says makes a file complete. An upload is completed only from the
// parts that S3 lists, all of them and each of its size, and only after the script has
// read the file to its end and found it unchanged.
package collect

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// UploadAPI is the subset of the S3 API that opens and ends uploads.
type UploadAPI interface {
	CreateMultipartUpload(context.Context, *s3.CreateMultipartUploadInput, ...func(*s3.Options)) (*s3.CreateMultipartUploadOutput, error)
	CompleteMultipartUpload(context.Context, *s3.CompleteMultipartUploadInput, ...func(*s3.Options)) (*s3.CompleteMultipartUploadOutput, error)
	AbortMultipartUpload(context.Context, *s3.AbortMultipartUploadInput, ...func(*s3.Options)) (*s3.AbortMultipartUploadOutput, error)
}

// ObjectAPI is the subset of the S3 API that looks at what is there, and puts manifests.
type ObjectAPI interface {
	ListParts(context.Context, *s3.ListPartsInput, ...func(*s3.Options)) (*s3.ListPartsOutput, error)
	HeadObject(context.Context, *s3.HeadObjectInput, ...func(*s3.Options)) (*s3.HeadObjectOutput, error)
	PutObject(context.Context, *s3.PutObjectInput, ...func(*s3.Options)) (*s3.PutObjectOutput, error)
}

// Signer is the subset of S3's presigning client used by Store.
type Signer interface {
	PresignUploadPart(context.Context, *s3.UploadPartInput, ...func(*s3.PresignOptions)) (*v4.PresignedHTTPRequest, error)
	PresignGetObject(context.Context, *s3.GetObjectInput, ...func(*s3.PresignOptions)) (*v4.PresignedHTTPRequest, error)
}

// Life is how long a URL lasts at most. It ends sooner with the session that signed it
// ("Download and upload objects with presigned URLs", Amazon S3 User Guide).
const Life = time.Hour

// Store keeps the files of crashes in a bucket. Encryption is the bucket's default.
type Store struct {
	Uploads UploadAPI
	Objects ObjectAPI
	Signer  Signer
	Bucket  string
}

// NewStore makes a store for a bucket. options is for the lab.
func NewStore(c aws.Config, bucket string, options ...func(*s3.Options)) Store {
	client := s3.NewFromConfig(c, options...)
	return Store{Uploads: client, Objects: client, Signer: s3.NewPresignClient(client, s3.WithPresignExpires(Life)), Bucket: bucket}
}
