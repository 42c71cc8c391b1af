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

	// Find gives a session that is not among Sessions, by its ID. May be nil.
	Find func(id string) (Session, bool)
	// Age is how old a URL is that was presigned at a time, where that is not by Now. The
	// lab's own clock may run faster than the one that the signer reads. May be nil.
	Age func(signed time.Time) time.Duration
}

// age is how old what is claimed is.
func (s Signed) age(c claim, now time.Time) time.Duration {
	if c.presigned && s.Age != nil {
		return s.Age(c.at)
	}
	return now.Sub(c.at)
}

// session finds the session that a request claims.
func (s Signed) session(id string) (Session, bool) {
	if at := slices.IndexFunc(s.Sessions, func(k Session) bool { return k.ID == id }); at >= 0 {
		return s.Sessions[at], true
	}
	if s.Find != nil {
		return s.Find(id)
	}
	return Session{}, false
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
	at                                   time.Time
	lasts                                time.Duration
	presigned                            bool
	headers                              []string
	query                                url.Values // without the signature
}

func (s Signed) refuse(r *http.Request) *refusal {
	c, no := read(r)
	if no != nil {
		return no
	}
	now := s.Now()
	switch age := s.age(c, now); {
	case age < -skew:
		return denied("Request is not valid yet")
	case age > c.lasts:
		return denied("Request has expired")
	}
	for name := range r.Header {
		if name := strings.ToLower(name); strings.HasPrefix(name, "x-amz-") && !slices.Contains(c.headers, name) {
			return denied("There were headers present in the request which were not signed: " + name)
		}
	}
	k, ok := s.session(c.id)
	if !ok {
		return &refusal{http.StatusForbidden, "InvalidAccessKeyId", "The AWS access key ID you provided does not exist in our records."}
	}
	return k.refuse(c, r, now)
}

// refuse says what is wrong with what is claimed to be the session's signature.
func (k Session) refuse(c claim, r *http.Request, now time.Time) *refusal {
	if k.Token != c.token {
		return &refusal{http.StatusBadRequest, "InvalidToken", "The provided token is malformed or otherwise not valid."}
	}
	if subtle.ConstantTimeCompare([]byte(c.signature), []byte(c.sign(r, k.Secret))) != 1 {
		return &refusal{http.StatusForbidden, "SignatureDoesNotMatch", "The request signature we calculated does not match the signature you provided."}
	}
	if !k.Ends.IsZero() && now.After(k.Ends) {
		return &refusal{http.StatusBadRequest, "ExpiredToken", "The provided token has expired."}
	}
	return nil
}

// read finds what a request says of its signature, in its header or in its query.
func read(r *http.Request) (claim, *refusal) {
	if text, ok := strings.CutPrefix(r.Header.Get("Authorization"), algorithm+" "); ok {
		return readHeader(r, text)
	}
	query := r.URL.Query()
	if query.Get("X-Amz-Algorithm") != algorithm {
		return claim{}, denied("Access Denied")
	}
	return readQuery(query)
}

func readHeader(r *http.Request, text string) (claim, *refusal) {
	said := map[string]string{}
	for part := range strings.SplitSeq(text, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		said[name] = value
	}
	c := claim{
		signature: said["Signature"], headers: strings.Split(said["SignedHeaders"], ";"), query: r.URL.Query(),
		token: r.Header.Get("X-Amz-Security-Token"), payload: r.Header.Get("X-Amz-Content-Sha256"),
	}
	return c.from(said["Credential"], r.Header.Get("X-Amz-Date"), skew)
}

func readQuery(query url.Values) (claim, *refusal) {
	c := claim{
		signature: query.Get("X-Amz-Signature"), headers: strings.Split(query.Get("X-Amz-SignedHeaders"), ";"), query: query,
		token: query.Get("X-Amz-Security-Token"), payload: "UNSIGNED-PAYLOAD", presigned: true,
	}
	query.Del("X-Amz-Signature") // of what is signed, it is no part
	seconds, err := strconv.ParseInt(query.Get("X-Amz-Expires"), 10, 64)
	if err != nil || seconds < 0 || seconds > longest {
		return c, malformed("X-Amz-Expires is not between 0 and 604800")
	}
	return c.from(query.Get("X-Amz-Credential"), query.Get("X-Amz-Date"), time.Duration(seconds)*time.Second)
}

// from adds who signed, when, and for how long.
func (c claim) from(credential, date string, lasts time.Duration) (claim, *refusal) {
	at, err := time.Parse(timeFormat, date)
	if err != nil {
		return c, malformed("the date is none")
	}
	id, scope, _ := strings.Cut(credential, "/")
	if strings.Count(scope, "/") != 3 || !strings.HasSuffix(scope, "/s3/aws4_request") {
		return c, malformed("the credential is none for S3")
	}
	c.id, c.scope, c.at, c.lasts = id, scope, at, lasts
	return c, nil
}

func malformed(message string) *refusal {
	return &refusal{http.StatusBadRequest, "AuthorizationQueryParametersError", message}
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
