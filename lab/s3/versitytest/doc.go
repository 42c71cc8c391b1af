// Package versitytest has a second opinion on the lab's S3: it takes a dump home through
// versitygw, an S3 that others have written, with the code and the signatures that do it on
// AWS. It needs that program, and has a target of its own, make test-versitygw.
package versitytest
