package ec2

import (
	"encoding/base64"
	"net/http"

	"crashcart/lab/fleet"
)

// authorized is the function's role: it may touch what is tagged for it.
func authorized(v fleet.View, action string) error {
	if value := v.Tags[tagKey]; value == "auto" || value == "manual" {
		return nil
	}
	return unauthorized(v, action)
}

func unauthorized(v fleet.View, action string) error {
	return refuse(http.StatusForbidden, "UnauthorizedOperation", "You are not authorized to perform this operation. "+
		"User: arn:aws:sts::111122223333:assumed-role/crashcart-interrupt/crashcart-interrupt is not authorized to perform: ec2:%s "+
		"on resource: arn:aws:ec2:eu-central-1:111122223333:instance/%s because no identity-based policy allows the ec2:%s action. "+
		"Encoded authorization failure message: lab", action, v.ID, action)
}

// dryRun is the answer to a DryRun of what would have been allowed.
func dryRun(in request) error {
	if !in.flag("DryRun") {
		return nil
	}
	return refuse(http.StatusPreconditionFailed, "DryRunOperation", "Request would have succeeded, but DryRun flag is set.")
}

func running(v fleet.View) error {
	if v.State == "running" {
		return nil
	}
	return refuse(http.StatusBadRequest, "IncorrectInstanceState", "The instance '%s' is not in a state from which the operation can be performed: %s", v.ID, v.State)
}

// interrupt checks in the order that AWS was seen to: the type before the
// authorization, that before DryRun.
func (h *Handler) interrupt(in request) (any, error) {
	v, err := h.find(in.Get("InstanceId"))
	if err != nil {
		return nil, err
	}
	if v.Kind.Graviton() || !v.Kind.Nitro() {
		return nil, refuse(http.StatusBadRequest, "UnsupportedOperation", "The instance type %s does not support diagnostic interrupts.", v.Type)
	}
	for _, err := range []error{authorized(v, "SendDiagnosticInterrupt"), dryRun(in), running(v)} {
		if err != nil {
			return nil, err
		}
	}
	if err := h.fleet.Interrupt(v.ID); err != nil {
		return nil, err
	}
	return interruptAnswer{RequestID: requestID, Return: true}, nil
}

func (h *Handler) consoleOutput(in request) (any, error) {
	v, err := h.find(in.Get("InstanceId"))
	if err != nil {
		return nil, err
	}
	for _, err := range []error{authorized(v, "GetConsoleOutput"), dryRun(in)} {
		if err != nil {
			return nil, err
		}
	}
	latest := in.flag("Latest")
	if latest && !v.Kind.Nitro() {
		return nil, refuse(http.StatusBadRequest, "UnsupportedOperation", "This instance type does not support retrieving the latest console logs.")
	}
	text, at, err := h.fleet.Console(v.ID, latest)
	if err != nil {
		return nil, err
	}
	return outputAnswer{RequestID: requestID, ID: v.ID, Timestamp: h.stamp(at), Output: base64.StdEncoding.EncodeToString(text)}, nil
}

func (h *Handler) consoleScreenshot(in request) (any, error) {
	v, err := h.find(in.Get("InstanceId"))
	if err != nil {
		return nil, err
	}
	if v.Kind.Graviton() || v.Kind.BareMetal {
		return nil, refuse(http.StatusBadRequest, "UnsupportedOperation", "The instance type %s does not support console screenshots.", v.Type)
	}
	for _, err := range []error{authorized(v, "GetConsoleScreenshot"), dryRun(in), running(v)} {
		if err != nil {
			return nil, err
		}
	}
	picture, err := h.fleet.Screenshot(v.ID)
	if err != nil {
		return nil, err
	}
	return screenshotAnswer{RequestID: requestID, ID: v.ID, Image: base64.StdEncoding.EncodeToString(picture)}, nil
}
