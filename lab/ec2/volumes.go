package ec2

import (
	"cmp"
	"encoding/xml"
	"net/http"
	"regexp"
	"slices"
)

type volumesAnswer struct {
	XMLName   xml.Name `xml:"DescribeVolumesResponse"`
	RequestID string   `xml:"requestId"`
	Volumes   []volume `xml:"volumeSet>item"`
	Next      string   `xml:"nextToken,omitempty"`
}

type volume struct {
	ID          string       `xml:"volumeId"`
	Size        int          `xml:"size"`
	Zone        string       `xml:"availabilityZone"`
	Status      string       `xml:"status"`
	Created     string       `xml:"createTime"`
	Kind        string       `xml:"volumeType"`
	Multi       bool         `xml:"multiAttachEnabled"`
	Attachments []attachedTo `xml:"attachmentSet>item"`
}

type attachedTo struct {
	Volume   string `xml:"volumeId"`
	Instance string `xml:"instanceId"`
	Status   string `xml:"status"`
}

var volumeID = regexp.MustCompile(`^vol-([0-9a-f]{8}|[0-9a-f]{17})$`)

// describeVolumes gives the volumes of the guests that are not terminated. As with
// instances, an unknown id in VolumeIds fails the whole call, and one in a filter does not.
func (h *Handler) describeVolumes(in request) (any, error) {
	filters, err := in.filters()
	if err != nil {
		return nil, err
	}
	wanted := map[string]pattern{}
	for name, values := range filters {
		if !slices.Contains(volumeFilters, name) {
			return nil, refuse(http.StatusBadRequest, "InvalidParameterValue", "The filter '%s' is invalid", name)
		}
		wanted[name] = compile(values)
	}
	named := in.list("VolumeId")
	if plain, ok := filters[filterByVolume]; ok && len(named) == 0 && !slices.ContainsFunc(plain, wild) {
		named = slices.Clone(plain)
	}
	all := slices.DeleteFunc(h.volumes(named), func(v volume) bool {
		for name, p := range wanted {
			if !slices.ContainsFunc(v.filtered(name), p.matches) {
				return true
			}
		}
		return false
	})
	if ids := in.list("VolumeId"); len(ids) > 0 {
		if all, err = ofIDs(in, ids, all); err != nil {
			return nil, err
		}
	}
	some, next, err := page(in, all, 5, 1000)
	return volumesAnswer{RequestID: requestID, Volumes: some, Next: next}, err
}

// ofIDs are the volumes that VolumeIds names.
func ofIDs(in request, ids []string, all []volume) ([]volume, error) {
	if in.Get("MaxResults") != "" {
		return nil, refuse(http.StatusBadRequest, "InvalidParameterCombination", "The parameter volumeSet cannot be used with the parameter maxResults")
	}
	for _, id := range ids {
		if !volumeID.MatchString(id) {
			return nil, refuse(http.StatusBadRequest, "InvalidParameterValue", "Value (%s) for parameter volumes is invalid. Expected: 'vol-...'.", id)
		}
		if !slices.ContainsFunc(all, func(v volume) bool { return v.ID == id }) {
			return nil, refuse(http.StatusBadRequest, "InvalidVolume.NotFound", "The volume '%s' does not exist.", id)
		}
	}
	return slices.DeleteFunc(all, func(v volume) bool { return !slices.Contains(ids, v.ID) }), nil
}

// volumeFilters are the filters of DescribeVolumes that the lab has.
var volumeFilters = []string{filterByVolume, "attachment.instance-id", "multi-attach-enabled"}

func (v volume) filtered(name string) []string {
	switch name {
	case filterByVolume:
		return []string{v.ID}
	case "multi-attach-enabled":
		return []string{map[bool]string{true: "true", false: "false"}[v.Multi]}
	}
	var out []string
	for _, a := range v.Attachments {
		out = append(out, a.Instance)
	}
	return out
}

// volumes are the volumes of these ids, or all if there are none, by id.
func (h *Handler) volumes(ids []string) []volume {
	var out []volume
	for disk, instances := range h.fleet.Disks(ids...) {
		one := volume{ID: disk.ID, Size: 8, Status: "in-use", Kind: "gp3", Multi: disk.MultiAttach}
		if disk.MultiAttach {
			one.Kind = "io2" // the others cannot
		}
		for _, v := range h.fleet.Some(instances) {
			one.Zone, one.Created = v.AZ, h.stamp(v.Launched)
			one.Attachments = append(one.Attachments, attachedTo{Volume: disk.ID, Instance: v.ID, Status: "attached"})
		}
		if len(one.Attachments) > 0 {
			out = append(out, one)
		}
	}
	slices.SortFunc(out, func(a, b volume) int { return cmp.Compare(a.ID, b.ID) })
	return out
}
