package fault_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"testing"

	"github.com/aws/smithy-go/encoding/cbor"

	"crashcart/lab/fault"
)

func TestEveryListIsAskedForInSmallPages(t *testing.T) {
	for name, c := range map[string]struct {
		call  fault.Call
		field string
		want  string // empty: left alone
	}{
		"EC2, unbounded":        {fault.Call{Service: fault.EC2, Operation: "DescribeInstances", Body: []byte("Filter.1.Name=x")}, "MaxResults", "7"},
		"EC2, larger":           {fault.Call{Service: fault.EC2, Operation: "DescribeInstanceStatus", Body: []byte("MaxResults=1000")}, "MaxResults", "7"},
		"EC2, smaller":          {fault.Call{Service: fault.EC2, Operation: "DescribeInstanceStatus", Body: []byte("MaxResults=6")}, "MaxResults", "6"},
		"EC2, by id":            {fault.Call{Service: fault.EC2, Operation: "DescribeInstanceStatus", Body: []byte("InstanceId.1=i-0")}, "MaxResults", ""},
		"EC2, no list":          {fault.Call{Service: fault.EC2, Operation: "DescribeInstanceAttribute", Body: []byte("InstanceId=i-0")}, "MaxResults", ""},
		"Auto Scaling":          {fault.Call{Service: fault.AutoScaling, Operation: "DescribeAutoScalingGroups", Body: []byte("x=y")}, "MaxRecords", "7"},
		"target groups":         {fault.Call{Service: "elasticloadbalancing", Operation: "DescribeTargetGroups", Body: []byte("x=y")}, "PageSize", "7"},
		"target groups, by ARN": {fault.Call{Service: "elasticloadbalancing", Operation: "DescribeTargetGroups", Body: []byte("TargetGroupArns.member.1=a")}, "PageSize", ""},
		"target health":         {fault.Call{Service: "elasticloadbalancing", Operation: "DescribeTargetHealth", Body: []byte("x=y")}, "PageSize", ""},
		"Auto Scaling, no list": {fault.Call{Service: fault.AutoScaling, Operation: "EnterStandby", Body: []byte("x=y")}, "MaxRecords", ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := &service{}
			set(fault.Pages{Size: 7}).Serve(c.call, s.do)
			form, err := url.ParseQuery(string(s.calls[0].Body))
			if err != nil || form.Get(c.field) != c.want {
				t.Errorf("%v: %v", form, err)
			}
		})
	}
	for name, c := range map[string]struct {
		call  fault.Call
		field string
		want  any
	}{
		"Systems Manager": {fault.Call{Service: fault.SSM, Operation: "DescribeInstanceInformation", Body: []byte(`{"MaxResults":50}`)}, "MaxResults", 7.0},
		"Query":           {fault.Call{Service: fault.DynamoDB, Operation: "Query", Body: []byte(`{"TableName":"t"}`)}, "Limit", 7.0},
		"Query, smaller":  {fault.Call{Service: fault.DynamoDB, Operation: "Query", Body: []byte(`{"Limit":2}`)}, "Limit", 2.0},
		"GetItem":         {fault.Call{Service: fault.DynamoDB, Operation: "GetItem", Body: []byte(`{}`)}, "Limit", nil},
	} {
		t.Run(name, func(t *testing.T) {
			s := &service{}
			set(fault.Pages{Size: 7}).Serve(c.call, s.do)
			var in map[string]any
			if err := json.Unmarshal(s.calls[0].Body, &in); err != nil || in[c.field] != c.want {
				t.Errorf("%v: %v", in, err)
			}
		})
	}
}

func TestPointsOfMetricsComeInPages(t *testing.T) {
	for name, c := range map[string]struct {
		in   cbor.Map
		want int32
	}{
		"unbounded": {cbor.Map{"ScanBy": cbor.String("TimestampDescending")}, 2800},
		"larger":    {cbor.Map{"MaxDatapoints": cbor.Uint(100_800)}, 2800},
		"smaller":   {cbor.Map{"MaxDatapoints": cbor.Uint(25)}, 25},
	} {
		s := &service{}
		set(fault.Pages{Size: 7}).Serve(fault.Call{Service: fault.CloudWatch, Operation: "GetMetricData", Body: cbor.Encode(c.in)}, s.do)
		v, err := cbor.Decode(s.calls[0].Body)
		if err != nil {
			t.Fatal(err)
		}
		out, ok := v.(cbor.Map)
		if got, err := cbor.AsInt32(out["MaxDatapoints"]); !ok || err != nil || got != c.want || len(out) != len(c.in)+1 && c.in["MaxDatapoints"] == nil {
			t.Errorf("%s: %v, %v", name, out, err)
		}
	}
	s := &service{}
	if set(fault.Pages{Size: 7}).Serve(fault.Call{Service: fault.CloudWatch, Operation: "GetMetricData", Body: []byte("no map")}, s.do); string(s.calls[0].Body) != "no map" {
		t.Errorf("what is no request became %q", s.calls[0].Body)
	}
}

func TestKeysThatAreLeftUnprocessedAreTheOnesNotRead(t *testing.T) {
	s := &service{body: `{"Responses":{"t":[]},"UnprocessedKeys":{}}`}
	body := `{"RequestItems":{"t":{"ConsistentRead":true,"Keys":[{"pk":{"S":"a"}},{"pk":{"S":"b"}},{"pk":{"S":"c"}}]}}}`
	a := set(fault.Pages{Size: 2}).Serve(fault.Call{Service: fault.DynamoDB, Operation: "BatchGetItem", Body: []byte(body)}, s.do)
	type keys struct {
		ConsistentRead bool
		Keys           []map[string]map[string]string
	}
	var in struct{ RequestItems map[string]keys }
	var out struct{ UnprocessedKeys map[string]keys }
	if err := json.Unmarshal(s.calls[0].Body, &in); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(a.Body, &out); err != nil {
		t.Fatal(err)
	}
	read, left := in.RequestItems["t"], out.UnprocessedKeys["t"]
	if len(read.Keys) != 2 || read.Keys[1]["pk"]["S"] != "b" || len(left.Keys) != 1 || left.Keys[0]["pk"]["S"] != "c" || !left.ConsistentRead {
		t.Errorf("read %+v, left %+v", read, left)
	}
	whole := set(fault.Pages{Size: 3}).Serve(fault.Call{Service: fault.DynamoDB, Operation: "BatchGetItem", Body: []byte(body)}, s.do)
	if string(whole.Body) != s.body {
		t.Errorf("three of three left some: %s", whole.Body)
	}
	failed := func(fault.Call) fault.Answer {
		return fault.Answer{Status: http.StatusBadRequest, Body: []byte(`{"__type":"x"}`)}
	}
	if e := set(fault.Pages{Size: 2}).Serve(fault.Call{Service: fault.DynamoDB, Operation: "BatchGetItem", Body: []byte(body)}, failed); string(e.Body) != `{"__type":"x"}` {
		t.Errorf("an error became %s", e.Body)
	}
}
