package notify

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/dump"
	"crashcart/lambda/domain/manifest"
	"crashcart/lambda/domain/printable"
)

const (
	mostFiles   = 3   // of a case that a message names; a crash leaves two or three
	mostKey     = 500 // of an object's address, in characters
	mostPath    = 260 // of a file's path: a host's script takes 255 bytes
	mostAbsence = 400 // of why something is missing
	shortSum    = 16  // digits of a sum: enough to know it again
)

// snapshotID is the form of a snapshot's id ("Resource IDs", Amazon EC2 User Guide).
var snapshotID = regexp.MustCompile(`^snap-[0-9a-f]{8,32}$`)

// bucketName is the form of a bucket's name ("General purpose bucket naming rules", Amazon
// S3 User Guide).
var bucketName = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)

// home are the files of the crash that are in the bucket, the dump first.
func (u Update) home() []dump.Upload {
	var files []dump.Upload
	for _, f := range u.Collect.Files.Uploads {
		if f.Done {
			files = append(files, f)
		}
	}
	slices.SortStableFunc(files, func(a, b dump.Upload) int { return cmp.Compare(weight(b), weight(a)) })
	return files
}

// weight orders files by how much they say.
func weight(u dump.Upload) int {
	return slices.Index([]dump.Kind{dump.KindDmesg, dump.KindMinidump, dump.KindDump}, u.File.Kind)
}

// isMemory says whether a file has the memory of the crashed host, or a part of it.
func isMemory(u dump.Upload) bool {
	return u.File.Kind == dump.KindDump || u.File.Kind == dump.KindMinidump
}

// someIsHome says that a dump is in the bucket, whole. The host may have another.
func (u Update) someIsHome() bool { return slices.ContainsFunc(u.home(), isMemory) }

// dumpIsHome says that every dump that the host has is in the bucket, whole.
func (u Update) dumpIsHome() bool { return u.someIsHome() && u.Collect.HasAllDumps() }

// called is what a person calls these files, with their size.
func called(files []dump.Upload) string {
	memory, all := int64(0), int64(0)
	for _, f := range files {
		all += f.File.Size
		if isMemory(f) {
			memory += f.File.Size
		}
	}
	if memory > 0 {
		return "dump of " + printable.Bytes(memory)
	}
	return "kernel log of " + printable.Bytes(all)
}

// coming are the files that are on their way.
func (u Update) coming() []dump.Upload {
	return slices.DeleteFunc(slices.Clone(u.Collect.Files.Uploads), func(f dump.Upload) bool { return !f.Open() })
}

// onItsWay says what is on its way, as a part of a sentence.
func (u Update) onItsWay() string {
	if files := u.coming(); len(files) > 0 {
		return "its " + called(files) + " is on its way to the bucket"
	}
	return "its dump is on its way to the bucket"
}

// whereItIs is what a title says of the dump's way home. It is empty where nobody has asked
// the host for it.
func (u Update) whereItIs() string {
	switch {
	case u.dumpIsHome():
		return "; its " + called(u.home()) + " is in the bucket"
	case u.someIsHome():
		return "; not all of its dumps are in the bucket"
	case u.Collect.BeganAt.IsZero() && len(u.Collect.Missing) == 0 && len(u.snapshots()) == 0, !u.hasDump():
		return ""
	case len(u.snapshots()) > 0:
		return "; its dump is in a snapshot of its disk"
	default:
		return "; its dump is not in the bucket"
	}
}

// homeLines say which files are in the bucket, what is missing and why, and which snapshots
// there are.
func (u Update) homeLines() []line {
	var lines []line
	if after := u.after(u.Collect.EndedAt); after != "" && u.dumpIsHome() {
		lines = append(lines, line{"Brought home", after + " after the interrupt"})
	}
	files := u.home()
	for _, f := range files[:min(len(files), mostFiles)] {
		lines = append(lines, line{"In the bucket", u.inBucket(f)})
	}
	if more := len(files) - mostFiles; more > 0 {
		lines = append(lines, line{"In the bucket", fmt.Sprintf("%d more", more)})
	}
	missing := manifest.Missing(u.Collect)
	for _, m := range missing[:min(len(missing), mostFiles)] {
		lines = append(lines, line{"Missing", code(m.What, mostPath) + ": " + cmp.Or(plain(m.Why, mostAbsence), "no reason was given")})
	}
	if more := len(missing) - mostFiles; more > 0 {
		lines = append(lines, line{"Missing", fmt.Sprintf("%d more; the case's manifest.json has them all", more)})
	}
	if ids := u.snapshots(); len(ids) > 0 {
		lines = append(lines, line{"Snapshot", "`" + strings.Join(ids, "` `") + "`"})
	}
	return lines
}

// inBucket is a file's size, its sum and its address.
func (u Update) inBucket(f dump.Upload) string {
	key, sum := f.Key, ""
	if u.Bucket != "" {
		key = "s3://" + u.Bucket + "/" + f.Key
	}
	if s := code(f.SHA256[:min(len(f.SHA256), shortSum)], shortSum+1); s != "" {
		sum = ", SHA-256 begins with " + s
	}
	return kindWord(f.File.Kind) + " of " + printable.Bytes(f.File.Size) + sum + ": " + cmp.Or(code(key, mostKey), "without a name")
}

// kindWord is what a person calls a file of the crash.
func kindWord(k dump.Kind) string {
	switch k {
	case dump.KindDump:
		return "dump"
	case dump.KindMinidump:
		return "minidump"
	case dump.KindDmesg:
		return "kernel log"
	default:
		return "file"
	}
}

// arriving says how far the files on their way are.
func (u Update) arriving() string {
	files := u.coming()
	var parts []string
	for _, f := range files[:min(len(files), mostFiles)] {
		parts = append(parts, fmt.Sprintf("%s (%s, %d of %d parts)", code(f.File.Path, mostPath), printable.Bytes(f.File.Size), f.Arrived, len(f.Parts())))
	}
	return strings.Join(parts, ", ")
}

// snapshots are the ids of snapshots that have the form of one.
func (u Update) snapshots() []string {
	var ids []string
	for _, id := range u.Collect.Snapshots {
		if snapshotID.MatchString(id) && len(ids) < mostFiles {
			ids = append(ids, id)
		}
	}
	return ids
}

// Commands that read a snapshot of a host's root volume.
const (
	cmdVolume = "aws ec2 create-volume --region {region} --availability-zone ZONE --snapshot-id "
	cmdAttach = "aws ec2 attach-volume --region {region} --volume-id VOLUME --instance-id READER --device /dev/sdf"
	cmdMount  = "sudo mount -o ro /dev/nvme1n1p1 /mnt"
)

// toTheSnapshot are the steps to what is on the disk that a snapshot has kept. The volume
// is a copy, so that a file system may replay its journal on it.
func (u Update) toTheSnapshot() []step {
	var steps []step
	for _, id := range u.snapshots() {
		steps = append(steps, step{"A snapshot keeps its disk. Once that is complete, make a volume of it, in the zone of a host that is to read it:", cmdVolume + id})
	}
	steps = append(steps, step{"Attach the volume to that host:", cmdAttach})
	if u.Windows {
		steps = append(steps, step{`Bring the disk online there, and copy \Windows\MEMORY.DMP from it.`, ""})
	} else {
		steps = append(steps, step{"Mount it there, and copy /mnt/var/crash. XFS needs nouuid as well if the reader's own disk comes from the same image:", cmdMount})
	}
	if u.Finding == cases.FindingHungInDump && u.Doubt == "" && !u.isBack() {
		steps = append(steps, step{"It will not come back by itself. Its disk is kept, so reboot it.", ""})
	}
	return steps
}

// keptInSnapshot puts the way to a snapshot in the place of a step that asks people to take
// one. Where there is none it comes first.
func (u Update) keptInSnapshot(steps []step) []step {
	if len(u.snapshots()) == 0 || u.dumpIsHome() {
		return steps
	}
	i := slices.IndexFunc(steps, func(s step) bool { return s.command == cmdSnapshot })
	if i < 0 {
		return append(u.toTheSnapshot(), steps...)
	}
	return slices.Replace(slices.Clone(steps), i, i+1, u.toTheSnapshot()...)
}

// wellFormed drops a bucket's name that is none.
func wellFormed(bucket string) string {
	if bucketName.MatchString(bucket) {
		return bucket
	}
	return ""
}

// fetch is the step by which a reader gets the files that are in the bucket.
func (u Update) fetch() []step {
	switch {
	case u.dumpIsHome():
		return []step{{"Fetch the dump. The command checks its sum, and says how to open it:", cmdDump}}
	case u.someIsHome():
		return []step{{"Fetch what has come:", cmdDump}}
	case len(u.home()) > 0:
		return []step{{"Fetch its kernel log:", cmdDump}}
	default:
		return nil
	}
}

// cmdDump fetches the files of a crash.
const cmdDump = "crashcart dump {case} --region {region}"

// hasComeBack is what a title says of the host while its dump is on its way. That it dumped
// is said only if it is proven: the files may be those of a crash that no console showed.
func (u Update) hasComeBack() string {
	if _, complete := u.proof(cases.StageDumpComplete); complete {
		return "dumped and is back; "
	}
	return "is back; "
}
