package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/spf13/cobra"

	"crashcart/cmd/crashcart/fetch"
	"crashcart/lambda/aws/call"
	"crashcart/lambda/domain/manifest"
)

const dumpHelp = `Fetch what the crash of a case has left, from the bucket into the folder DIR/ID:
the dump, and the log of the crashed kernel. --all fetches the consoles and the
screenshot as well. The id is one that crashcart cases lists.

A file has its name once all of it is there and its SHA-256 is that of the
case's manifest.json. Until then it has .part behind its name, and a second run
goes on with it. What is here already is not fetched again, and a file that is
another one is never overwritten.

The output says how to open the dump, by what it begins with. docs/dump.md in
the repository says more: where the symbols are, and what to do if there is no
dump. A dump is the memory of a host. Whatever was secret there is in it.

The exit code is 0 when all that the host had of a dump is here, whole, 1 when
it is not or not yet in the bucket, or could not be fetched, 2 when the command
was called wrongly.`

// backoff is between two connections that brought nothing.
var backoff = call.Backoff{First: time.Second, Longest: 8 * time.Second}

// fetching is what the command was asked for.
type fetching struct {
	to          string
	all, asJSON bool
}

func newDump() *cobra.Command {
	var s stack
	var f fetching
	c := &cobra.Command{
		Use:   "dump ID",
		Short: "Fetch the dump of a case, and check that it is whole",
		Long:  dumpHelp,
		Example: "  crashcart dump i-0a1b2c3d4e5f60718-5e94ec139442cfe9\n" +
			"  crashcart dump i-0a1b2c3d4e5f60718-5e94ec139442cfe9 --all --to /var/tmp",
		Args: oneCase,
		RunE: func(c *cobra.Command, args []string) error {
			if c.Flags().Changed("to") && f.to == "" {
				return usageError{errors.New("--to is empty: give it a folder, or leave it out")}
			}
			return f.run(c, &s, args[0])
		},
	}
	s.bucketFlags(c)
	c.Flags().StringVar(&f.to, "to", ".", "`DIR` in which the case gets a folder")
	c.Flags().BoolVar(&f.all, "all", false, "all of the case's evidence")
	c.Flags().BoolVar(&f.asJSON, "json", false, "one JSON object, for machines")
	return c
}

// run fetches the files of a case and prints what is here then.
func (f fetching) run(c *cobra.Command, s *stack, id string) error {
	ctx := c.Context()
	book, client, err := s.evidence(ctx)
	if err != nil {
		return err
	}
	r, err := book.CaseByID(ctx, id)
	if err != nil {
		return s.adviseCase(err)
	}
	list, err := s.list(ctx, client, r)
	if err != nil {
		return err
	}
	if list.assumed {
		c.PrintErrln("crashcart: the case has no manifest.json; what the casebook says of it is fetched")
	}
	files := f.chosen(list.Manifest)
	if len(files) == 0 {
		return noDump(list.Manifest, false)
	}
	folder := filepath.Join(f.to, list.CaseID)
	got, err := s.fetchAll(c, client, folder, list, files)
	if len(got) == 0 {
		return err
	}
	if shown := f.show(c, folder, list, got); shown != nil {
		return errors.Join(err, shown)
	}
	if some := hasDump(got); err == nil && (!some || !r.Followup.Collect.HasAllDumps()) {
		return noDump(list.Manifest, some)
	}
	return err
}

// chosen are the files to fetch, in the manifest's order.
func (f fetching) chosen(m manifest.Manifest) []manifest.File {
	var files []manifest.File
	for _, file := range m.Files {
		if f.all || file.FromCrash() {
			files = append(files, file)
		}
	}
	return files
}

// fetchAll fetches the files into a folder. One that fails does not keep the others from
// coming, unless all of them would fail.
func (s *stack) fetchAll(c *cobra.Command, client *s3.Client, folder string, list listing, files []manifest.File) (got []fetch.File, err error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, fmt.Errorf("making the folder: %w", err)
	}
	if info, err := os.Lstat(folder); err != nil || !info.IsDir() {
		return nil, errors.Join(err, fmt.Errorf("%s is a link, or no folder: give another one with --to", folder))
	}
	root, err := os.OpenRoot(folder)
	if err != nil {
		return nil, fmt.Errorf("opening the folder: %w", err)
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	show := newMeter(c)
	f := fetch.Fetcher{API: client, Bucket: s.bucket, Folder: root, Stall: fetch.Stall, Wait: backoff.Wait, Moved: show.moved}
	var problems []error
	for _, m := range files {
		file, err := f.Fetch(c.Context(), list.CaseID, m)
		show.over()
		switch {
		case c.Context().Err() != nil:
			return got, c.Context().Err()
		case err != nil:
			problems = append(problems, s.adviseFile(err, folder, m))
		default:
			got = append(got, file)
		}
	}
	if len(got) > 0 {
		problems = append(problems, keepList(root, list.body))
	}
	return got, errors.Join(problems...)
}

// keepList puts the manifest beside the files. An older one gives way to it.
func keepList(root *os.Root, body []byte) error {
	const name = "manifest.json"
	if err := root.WriteFile(name+manifest.Part, body, 0o600); err != nil {
		return fmt.Errorf("writing %s: %w", name, err)
	}
	if err := root.Rename(name+manifest.Part, name); err != nil {
		return fmt.Errorf("writing %s: %w", name, err)
	}
	return nil
}

// hasDump says whether one of the files has the memory of the host.
func hasDump(files []fetch.File) bool {
	for _, f := range files {
		if f.FromCrash() && isMemory(f.File) {
			return true
		}
	}
	return false
}
