package ec2

import (
	"encoding/xml"
	"errors"
	"net/http"
	"strings"

	"crashcart/lab/fleet"
)

type rebootAnswer struct {
	XMLName   xml.Name `xml:"RebootInstancesResponse"`
	RequestID string   `xml:"requestId"`
	Return    bool     `xml:"return"`
}

// byRole says whether a request is signed with temporary credentials, whose access
// keys begin with ASIA ("IAM identifiers", AWS Identity and Access Management User
// Guide). In the lab only the function has such.
func byRole(r *http.Request) bool {
	_, credential, _ := strings.Cut(r.Header.Get("Authorization"), "Credential=")
	return strings.HasPrefix(credential, "ASIA")
}

// reboot asks for restarts. A refusal is for all instances of the call; a machine whose
// reset fails leaves the others restarted. People may restart, with any tags. The
// function's role may not. Terminated instances are ignored ("RebootInstances", Amazon EC2
// API Reference); when a restart becomes a reset says fleet.Fleet.Reboot.
func (h *Handler) reboot(in request) (any, error) {
	ids := in.list("InstanceId")
	if len(ids) == 0 {
		return nil, refuse(http.StatusBadRequest, "MissingParameter", "The request must contain the parameter InstanceId")
	}
	var views []fleet.View
	for _, id := range ids {
		v, err := h.find(id)
		if err != nil {
			return nil, err
		}
		views = append(views, v)
	}
	if in.byRole {
		return nil, unauthorized(views[0], "RebootInstances")
	}
	if err := dryRun(in); err != nil {
		return nil, err
	}
	for _, v := range views {
		if err := running(v); err != nil && v.State != "terminated" {
			return nil, err
		}
	}
	var failed []error
	for _, v := range views {
		if v.State != "terminated" {
			failed = append(failed, h.fleet.Reboot(v.ID))
		}
	}
	return rebootAnswer{RequestID: requestID, Return: true}, errors.Join(failed...)
}
