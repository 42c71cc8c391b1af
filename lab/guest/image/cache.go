package image

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

const (
	kernelFile = "vmlinuz"
	diskFile   = "disk.raw"
	recordFile = "image.json"
	unfinished = "building-" // begins the name of a directory that is no image
)

// cache is a directory of images, each in a directory named by its key.
type cache struct{ dir string }

// record is what an image's directory says about itself.
type record struct {
	Release    string `json:"release"`
	KernelSize int64  `json:"kernelSize"`
	DiskSize   int64  `json:"diskSize"`
}

// find gives the image of that key. It compares sizes, not sums. Other damage shows when
// somebody compares with SHA256SUMS.
func (c cache) find(key string) (Image, bool) {
	made := Image{Kernel: filepath.Join(c.dir, key, kernelFile), Disk: filepath.Join(c.dir, key, diskFile)}
	text, err := os.ReadFile(filepath.Join(c.dir, key, recordFile)) //nolint:gosec // in our own cache
	if err != nil {
		return Image{}, false
	}
	var says record
	if json.Unmarshal(text, &says) != nil || says.Release == "" {
		return Image{}, false
	}
	is, err := measure(made, says.Release)
	if err != nil || is != says {
		return Image{}, false
	}
	made.Release = says.Release
	return made, true
}

func measure(made Image, release string) (record, error) {
	kernel, err := os.Stat(made.Kernel)
	if err != nil {
		return record{}, err
	}
	disk, err := os.Stat(made.Disk)
	if err != nil {
		return record{}, err
	}
	return record{Release: release, KernelSize: kernel.Size(), DiskSize: disk.Size()}, nil
}

// add has make fill a directory, and gives that the name key. The caller holds the
// lock, so an unfinished directory belongs to a build that died.
func (c cache) add(ctx context.Context, key string, make func(dir string) (release string, err error)) (Image, error) {
	if err := c.sweep(); err != nil {
		return Image{}, err
	}
	dir, err := os.MkdirTemp(c.dir, unfinished)
	if err != nil {
		return Image{}, fmt.Errorf("making room for the guest's image: %w", err)
	}
	release, err := make(dir)
	if err == nil {
		err = finish(dir, release)
	}
	if err == nil {
		err = ctx.Err()
	}
	if err == nil {
		err = replace(dir, filepath.Join(c.dir, key))
	}
	if err != nil {
		if left := remove(dir); left != nil {
			return Image{}, errors.Join(err, left)
		}
		return Image{}, err
	}
	made, ok := c.find(key)
	if !ok {
		return Image{}, fmt.Errorf("the guest's image in %s is not what was built", filepath.Join(c.dir, key))
	}
	return made, nil
}

// finish writes the record that makes dir an image.
func finish(dir, release string) error {
	is, err := measure(Image{Kernel: filepath.Join(dir, kernelFile), Disk: filepath.Join(dir, diskFile)}, release)
	if err != nil {
		return fmt.Errorf("measuring the built image: %w", err)
	}
	text, err := json.MarshalIndent(is, "", "\t")
	if err != nil {
		return fmt.Errorf("writing %s: %w", recordFile, err)
	}
	return os.WriteFile(filepath.Join(dir, recordFile), append(text, '\n'), 0o444) //nolint:gosec // everybody may read it
}

// replace gives from the name to, where a damaged image may be.
func replace(from, to string) error {
	if err := remove(to); err != nil {
		return err
	}
	if err := os.Chmod(from, 0o755); err != nil { //nolint:gosec // everybody may read it
		return err
	}
	return os.Rename(from, to)
}

// sweep removes the remains of killed builds.
func (c cache) sweep() error {
	old, err := filepath.Glob(filepath.Join(c.dir, unfinished+"*"))
	if err != nil {
		return err
	}
	for _, dir := range old {
		if err := remove(dir); err != nil {
			return err
		}
	}
	return nil
}

// remove deletes dir, unless something is mounted in it: a chroot that died may have
// left the machine's own /dev there.
func remove(dir string) error {
	if at, ok := mountedBelow(dir); ok {
		return fmt.Errorf("%s is mounted: unmount it, then remove %s", at, dir)
	}
	if err := os.RemoveAll(dir); err != nil {
		return fmt.Errorf("removing the remains of a build: %w", err)
	}
	return nil
}
