package casebook

import (
	"fmt"
	"strings"
)

// keyspace is the first part of every key but the lever's and the marks'. It keeps what a dry run
// writes apart from what is real: the two never share an item.
type keyspace string

const (
	realKeys   keyspace = ""
	dryRunKeys keyspace = "dry#"
)

func keysOf(dryRun bool) keyspace {
	if dryRun {
		return dryRunKeys
	}
	return realKeys
}

// isDryRun says whether an item with this partition key is of a dry run.
func isDryRun(pk string) bool { return strings.HasPrefix(pk, string(dryRunKeys)) }

// caseKey is the key of a case.
func (k keyspace) caseKey(id string) item { return key(k.casePrefix()+id, "case") }

// casePrefix is how the partition keys of all cases begin.
func (k keyspace) casePrefix() string { return string(k) + "case#" }

// instanceKey is the key of what points to the instance's open case.
func (k keyspace) instanceKey(id string) item { return key(string(k)+"instance#"+id, "instance") }

// budget is the partition of the budget's slots.
func (k keyspace) budget() string { return string(k) + "budget" }

// group is the partition of a group's slots.
func (k keyspace) group(name string) string { return string(k) + "group#" + name }

// passKey is the key of one pass of a target that was put back in the queue.
func (k keyspace) passKey(caseID string, pass int) item {
	return key(string(k)+"later#"+caseID, fmt.Sprintf("pass#%02d", pass))
}

// topicKey is the key of the hour in which nobody is notified of a topic again.
func (k keyspace) topicKey(topic string) item { return key(string(k)+"notified#"+topic, "notified") }

// open is the one partition of the index of open cases: there are never more than a
// few dozen.
func (k keyspace) open() string { return string(k) + "open" }
