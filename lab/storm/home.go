package storm

import (
	"bytes"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"crashcart/lab"
	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/dump"
)

// homes compares what is on the disks of the cases' hosts with the bucket.
func homes(l *lab.Lab, all []Case) (map[string][]lab.Home, error) {
	out := map[string][]lab.Home{}
	for _, c := range all {
		h, err := l.Home(c.InstanceID, c.ID)
		if err != nil {
			return nil, err
		}
		out[c.ID] = h
	}
	return out, nil
}

// signedIn gives those of some objects that have presigned URLs in them.
func signedIn(l *lab.Lab, keys []string) ([]string, error) {
	var out []string
	for _, key := range keys {
		if path.Base(key) != path.Base(dump.ManifestKey("")) {
			continue
		}
		body, err := l.Store.Object(l.BucketName, key)
		if err != nil {
			return nil, err
		}
		if bytes.Contains(body, []byte("X-Amz-Signature")) {
			out = append(out, key)
		}
	}
	return out, nil
}

// changedOnItsWay looks for an object that is not the file of its case's host.
func changedOnItsWay(f *Facts) string {
	for _, id := range slices.Sorted(maps.Keys(f.Homes)) {
		for _, h := range f.Homes[id] {
			if h.Key != "" && !h.Same {
				return fmt.Sprintf("%s is not %q", h.Key, h.File.Path)
			}
		}
	}
	return ""
}

// unexplained looks for a dump that is not home, and of which its case does not say why.
func unexplained(f *Facts) string {
	for _, c := range f.Cases {
		if c.Finding != string(cases.FindingDumped) {
			continue
		}
		for _, h := range f.Homes[c.ID] {
			if !h.Same && !c.says(h.File.Path) {
				return fmt.Sprintf("case %s does not say what became of %s: %+v", c.ID, h.File.Path, c.Collect)
			}
		}
		if len(f.Homes[c.ID]) == 0 {
			return fmt.Sprintf("case %s has found a dump where there is none", c.ID)
		}
	}
	return ""
}

// says says whether a case has a reason for which a file of its host is not home.
func (c Case) says(file string) bool {
	return len(c.Collect.Missing) > 0 ||
		slices.ContainsFunc(c.Collect.Files.Uploads, func(u dump.Upload) bool { return u.File.Path == file && u.Lost != "" }) ||
		slices.ContainsFunc(c.Collect.Files.Left, func(l dump.Left) bool { return l.File.Path == file }) ||
		slices.ContainsFunc(c.Collect.Skipped, func(s dump.Skipped) bool { return s.Path == file })
}

func urlsLeft(f *Facts) string {
	if len(f.Signed) > 0 {
		return fmt.Sprintf("%d manifests have some, such as %s", len(f.Signed), f.Signed[0])
	}
	return ""
}

// home is how many files of hosts are home, of how many, and how many bytes these have.
func (f *Facts) home() (there, all int, size int64) {
	for _, list := range f.Homes {
		for _, h := range list {
			if h.File.Path == "" {
				continue
			}
			if all++; h.Same {
				there, size = there+1, size+h.File.Size
			}
		}
	}
	return there, all, size
}

// someHome holds when a tenth of the files is home. On a machine with nothing else to do all
// of them are. On a busy one, lab time runs so fast that a host has few moments in its two
// hours; what did not come home then is explained by its case, which is a check of its own.
func someHome() Check {
	return Check{Name: "dumps are home under all that", Broken: func(f *Facts) string {
		there, all, _ := f.home()
		if all == 0 || there*10 < all {
			return fmt.Sprintf("%d of %d files: %s", there, all, f.reasons())
		}
		return ""
	}}
}

// allHome holds when every file of every host is home.
func allHome() Check {
	return Check{Name: "every dump is home", Broken: func(f *Facts) string {
		if there, all, _ := f.home(); there < all || all == 0 {
			return fmt.Sprintf("%d of %d files: %s", there, all, f.reasons())
		}
		return ""
	}}
}

// reasons are why files are not home, by the cases.
func (f *Facts) reasons() string {
	var words []string
	for _, c := range f.Cases {
		for _, h := range f.Homes[c.ID] {
			if !h.Same {
				words = append(words, c.ID+" "+h.File.Path+" "+why(c, h.File.Path))
			}
		}
	}
	return strings.Join(words, "; ")
}

// why is what a case says of a file that is not home.
func why(c Case, file string) string {
	var words []string
	for _, m := range c.Collect.Missing {
		words = append(words, m.Why)
	}
	for _, u := range c.Collect.Files.Uploads {
		if u.File.Path == file && u.Lost != "" {
			words = append(words, u.Lost)
		}
	}
	return strings.Join(words, "; ")
}

// hostsRebooted holds when some hosts were rebooted while they sent, and sent the rest later.
func hostsRebooted() Check {
	return Check{Name: "some hosts were rebooted half-way", Broken: func(f *Facts) string {
		lost, came := map[string]bool{}, map[string]bool{}
		for _, c := range f.Sending {
			if c.Operation != "UploadPart" {
				continue
			}
			if c.Lost {
				lost[c.Detail] = true
			} else if lost[c.Detail] && c.Code == "" {
				came[c.Detail] = true
			}
		}
		if len(came) == 0 {
			return fmt.Sprintf("%d were, and none of them has sent the rest", len(lost))
		}
		return ""
	}}
}
