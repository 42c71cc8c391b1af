package s3

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Session is a session of a role: what it signs ends with it.
type Session struct {
	ID, Secret, Token string
	Ends              time.Time // zero: never
}

// Signed lets requests through to Store only if a session has signed them, in their
// header or as a presigned URL, and if neither the URL nor the session has ended
// ("Authenticating Requests (AWS Signature Version 4)", Amazon S3 API Reference).
type Signed struct {
	Store    http.Handler
	Sessions []Session
	Now      func() time.Time
}

// ServeHTTP answers one S3 request, or refuses it as S3 does.
func (s Signed) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if no := s.refuse(r); no != nil {
		w.Header().Set("Content-Type", "application/xml")
		w.WriteHeader(no.status)
		fmt.Fprintf(w, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>%s</Code><Message>%s</Message></Error>", no.code, no.message)
		return
	}
	s.Store.ServeHTTP(w, r)
}

// refusal is what S3 answers to a request that it does not let through ("Error
// responses", ibid.).
type refusal struct {
	status        int
	code, message string
}

func denied(message string) *refusal { return &refusal{http.StatusForbidden, "AccessDenied", message} }

const (
	algorithm  = "AWS4-HMAC-SHA256"
	timeFormat = "20060102T150405Z"
	// skew is how far a client's clock may be from S3's ("RequestTimeTooSkewed", ibid.).
	skew = 15 * time.Minute
	// longest is how long a presigned URL may last, in seconds.
	longest = 7 * 24 * 3600
)

// claim is what a request says of its signature.
type claim struct {
	id, scope, signature, token, payload string
	day                                  string // of the key
	at                                   time.Time
	until                                time.Time
	headers                              []string
	query                                url.Values // without the signature
}

func (s Signed) refuse(r *http.Request) *refusal {
	c, no := read(r)
	if no != nil {
		return no
	}
	now := s.Now()
	if c.at.After(now.Add(skew)) {
		return denied("Request is not valid yet")
	}
	if now.After(c.until) {
		return denied("Request has expired")
	}
	for name := range r.Header {
		if name := strings.ToLower(name); strings.HasPrefix(name, "x-amz-") && !slices.Contains(c.headers, name) {
			return denied("There were headers present in the request which were not signed: " + name)
		}
	}
	at := slices.IndexFunc(s.Sessions, func(k Session) bool { return k.ID == c.id })
	if at < 0 {
		return &refusal{http.StatusForbidden, "InvalidAccessKeyId", "The AWS access key ID you provided does not exist in our records."}
	}
	session := s.Sessions[at]
	if session.Token != c.token {
		return &refusal{http.StatusBadRequest, "InvalidToken", "The provided token is malformed or otherwise not valid."}
	}
	if subtle.ConstantTimeCompare([]byte(c.signature), []byte(c.sign(r, session.Secret))) != 1 {
		return &refusal{http.StatusForbidden, "SignatureDoesNotMatch", "The request signature we calculated does not match the signature you provided."}
	}
	if !session.Ends.IsZero() && now.After(session.Ends) {
		return &refusal{http.StatusBadRequest, "ExpiredToken", "The provided token has expired."}
	}
	return nil
}

// read finds what a request says of its signature.
func read(r *http.Request) (claim, *refusal) {
	c := claim{query: r.URL.Query()}
	var credential, date, headers string
	seconds := int64(skew / time.Second)
	if header, ok := strings.CutPrefix(r.Header.Get("Authorization"), algorithm+" "); ok {
		for part := range strings.SplitSeq(header, ",") {
			name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
			switch name {
			case "Credential":
				credential = value
			case "SignedHeaders":
				headers = value
			case "Signature":
				c.signature = value
			}
		}
		date, c.token, c.payload = r.Header.Get("X-Amz-Date"), r.Header.Get("X-Amz-Security-Token"), r.Header.Get("X-Amz-Content-Sha256")
	} else {
		if c.query.Get("X-Amz-Algorithm") != algorithm {
			return c, denied("Access Denied")
		}
		credential, date, headers = c.query.Get("X-Amz-Credential"), c.query.Get("X-Amz-Date"), c.query.Get("X-Amz-SignedHeaders")
		c.signature, c.token, c.payload = c.query.Get("X-Amz-Signature"), c.query.Get("X-Amz-Security-Token"), "UNSIGNED-PAYLOAD"
		c.query.Del("X-Amz-Signature")
		var err error
		if seconds, err = strconv.ParseInt(c.query.Get("X-Amz-Expires"), 10, 64); err != nil || seconds < 0 || seconds > longest {
			return c, &refusal{http.StatusBadRequest, "AuthorizationQueryParametersError", "X-Amz-Expires is not between 0 and 604800"}
		}
	}
	at, err := time.Parse(timeFormat, date)
	id, scope, ok := strings.Cut(credential, "/")
	if err != nil || !ok || strings.Count(scope, "/") != 3 || !strings.HasSuffix(scope, "/s3/aws4_request") {
		return c, &refusal{http.StatusBadRequest, "AuthorizationQueryParametersError", "the credential or the date is malformed"}
	}
	c.id, c.scope, c.at, c.headers = id, scope, at, strings.Split(headers, ";")
	c.day, _, _ = strings.Cut(scope, "/")
	c.until = at.Add(time.Duration(seconds) * time.Second)
	return c, nil
}

// sign makes the signature that the request should have.
func (c claim) sign(r *http.Request, secret string) string {
	var headers strings.Builder
	for _, name := range c.headers {
		value := strings.Join(r.Header.Values(name), ",")
		switch name {
		case "host":
			value = r.Host
		case "content-length":
			value = strconv.FormatInt(r.ContentLength, 10)
		}
		headers.WriteString(name + ":" + strings.TrimSpace(value) + "\n")
	}
	request := strings.Join([]string{
		r.Method, r.URL.EscapedPath(), strings.ReplaceAll(c.query.Encode(), "+", "%20"), headers.String(), strings.Join(c.headers, ";"), c.payload,
	}, "\n")
	sum := sha256.Sum256([]byte(request))
	text := strings.Join([]string{algorithm, c.at.Format(timeFormat), c.scope, hex.EncodeToString(sum[:])}, "\n")
	key := []byte("AWS4" + secret)
	for part := range strings.SplitSeq(c.scope, "/") {
		key = mac(key, part)
	}
	return hex.EncodeToString(mac(key, text))
}

func mac(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}
