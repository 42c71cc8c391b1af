package lab

import (
	"encoding/json"
	"encoding/xml"
	"maps"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/aws/smithy-go/encoding/cbor"
)

// describe reads what a request asks for, by the form of its protocol.
func (c *Call) describe(r *http.Request, body []byte) {
	switch {
	case c.Service == "s3":
		c.Operation, c.Detail = objectOperation(r), r.URL.Path
	case c.Service == "lambda":
		c.Operation, c.Detail = "Invoke", r.URL.Path
	case r.Header.Get("Smithy-Protocol") == cborProtocol:
		c.Operation = path.Base(r.URL.Path)
	case r.Header.Get("X-Amz-Target") != "":
		_, c.Operation, _ = strings.Cut(r.Header.Get("X-Amz-Target"), ".")
		if c.Service == "ssm" {
			c.Instances = managed(body)
		}
	default:
		form, err := url.ParseQuery(string(body))
		if err != nil {
			return
		}
		c.Operation, c.DryRun = form.Get("Action"), form.Get("DryRun") == "true"
		for _, key := range slices.Sorted(maps.Keys(form)) {
			if v := form.Get(key); strings.HasPrefix(v, "i-") {
				c.Instances = append(c.Instances, v)
			}
		}
	}
}

// managed gives the instances that a request to Systems Manager names.
func managed(body []byte) []string {
	var in struct {
		InstanceID  string   `json:"InstanceId"`
		InstanceIDs []string `json:"InstanceIds"`
		Filters     []struct {
			Key    string
			Values []string
		}
	}
	if json.Unmarshal(body, &in) != nil {
		return nil
	}
	out := in.InstanceIDs
	if in.InstanceID != "" {
		out = append(out, in.InstanceID)
	}
	for _, f := range in.Filters {
		out = append(out, f.Values...)
	}
	return out
}

func objectOperation(r *http.Request) string {
	if name := multipart(r); name != "" {
		return name
	}
	bucketOnly := strings.Count(strings.Trim(r.URL.Path, "/"), "/") == 0
	switch {
	case bucketOnly:
		return r.Method + "Bucket"
	case r.Method == http.MethodPut:
		return "PutObject"
	case r.Method == http.MethodGet:
		return "GetObject"
	case r.Method == http.MethodHead:
		return "HeadObject"
	case r.Method == http.MethodDelete:
		return "DeleteObject"
	}
	return r.Method + "Object"
}

// multipart is the operation of a multipart upload that a request asks for, or empty.
func multipart(r *http.Request) string {
	query := r.URL.Query()
	switch {
	case query.Has("uploads"):
		return map[string]string{http.MethodPost: "CreateMultipartUpload", http.MethodGet: "ListMultipartUploads"}[r.Method]
	case query.Has("uploadId"):
		return map[string]string{
			http.MethodPut: "UploadPart", http.MethodPost: "CompleteMultipartUpload", http.MethodGet: "ListParts", http.MethodDelete: "AbortMultipartUpload",
		}[r.Method]
	}
	return ""
}

// cborProtocol is the header Smithy-Protocol of a service that neither JSON nor
// XML describes ("Smithy RPC v2 CBOR protocol", Smithy specification).
const cborProtocol = "rpc-v2-cbor"

// errorCode reads the code out of an error in any of AWS's five shapes.
func errorCode(header http.Header, body []byte) string {
	if code := header.Get("X-Amzn-Errortype"); code != "" {
		return code
	}
	if header.Get("Smithy-Protocol") == cborProtocol {
		return cborCode(body)
	}
	var asJSON struct {
		Type string `json:"__type"`
	}
	if json.Unmarshal(body, &asJSON) == nil {
		return shapeName(asJSON.Type)
	}
	var asXML struct {
		EC2   string `xml:"Errors>Error>Code"`
		Query string `xml:"Error>Code"`
		S3    string `xml:"Code"`
	}
	if xml.Unmarshal(body, &asXML) == nil {
		return asXML.EC2 + asXML.Query + asXML.S3
	}
	return "unreadable"
}

func cborCode(body []byte) string {
	if v, err := cbor.Decode(body); err == nil {
		if m, ok := v.(cbor.Map); ok {
			if code, ok := m["__type"].(cbor.String); ok {
				return shapeName(string(code))
			}
		}
	}
	return "unreadable"
}

// shapeName cuts the namespace off an error's type.
func shapeName(id string) string { return id[strings.LastIndex(id, "#")+1:] }
