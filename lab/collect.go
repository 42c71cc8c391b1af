package lab

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"crashcart/infra/hosts"
	"crashcart/lab/clock"
	"crashcart/lab/host"
	"crashcart/lab/runtime"
	"crashcart/lab/s3"
	"crashcart/lab/ssm"
	"crashcart/lambda/domain/config"
)

// collecting brings in the account's document that collects dumps, and what it does in
// simulated guests.
func (l *Lab) collecting() error {
	document, err := hosts.Collect()
	if err != nil {
		return err
	}
	if err := l.Commands.AddDocument(config.DocumentCollect, document); err != nil {
		return err
	}
	if l.hosts, err = host.New(l.Fleet, l.Clock); err != nil {
		return err
	}
	l.Fleet.Use(l.hosts.Shell)
	return nil
}

// asking is Systems Manager as the lab has it. It notes which lab time a survey means: the
// time in its parameters is that of a reader of the wall clock.
type asking struct {
	commands *ssm.Handler
	hosts    *host.Hosts
	aging    *aging
}

func (a asking) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasSuffix(r.Header.Get("X-Amz-Target"), ".SendCommand") {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		a.note(caller(r), body)
	}
	a.commands.ServeHTTP(w, r)
}

func (a asking) note(caller string, body []byte) {
	var in struct {
		DocumentName string
		InstanceIDs  []string `json:"InstanceIds"`
		Parameters   map[string][]string
	}
	if json.Unmarshal(body, &in) != nil || in.DocumentName != config.DocumentCollect {
		return
	}
	for _, id := range in.InstanceIDs {
		for _, since := range in.Parameters[config.CollectSince] {
			if seconds, err := strconv.ParseInt(since, 10, 64); err == nil {
				a.hosts.Asked(id, since, a.aging.meant(caller, time.Unix(seconds, 0)))
			}
		}
	}
}

// The credentials of everything in the lab but for the access key's id, by which the
// functions' processes are told apart.
const (
	labKey    = "LABACCESSKEY"
	labSecret = "lab-secret"
	labToken  = "lab-session"
)

// signed is the lab's S3: it takes what somebody in the lab has signed, for as long as that
// lasts on the lab's clock.
func (l *Lab) signed() http.Handler {
	return s3.Signed{
		Store: l.Store, Now: time.Now,
		Age: func(signed time.Time) time.Duration { return age(l.Clock, signed) },
		Find: func(id string) (s3.Session, bool) {
			l.mu.Lock()
			defer l.mu.Unlock()
			return s3.Session{ID: id, Secret: labSecret, Token: labToken, Ends: l.ended[id]}, id == labKey || strings.HasPrefix(id, runtime.KeyPrefix)
		},
	}
}

// age is how old a time of the wall clock is in the lab.
func age(c clock.Clock, wall time.Time) time.Duration { return c.Now().Sub(c.Lab(wall)) }
