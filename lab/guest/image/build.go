package image

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// build fills a site with an image and gives its kernel's release.
func (r recipe) build(ctx context.Context, at site, note func(string)) (release string, err error) {
	root := filepath.Join(at.dir, "root")
	note("Installing Debian 12 for the guest. This takes about a minute, once.")
	if err := r.install(ctx, at, root); err != nil {
		return "", err
	}
	note("Making the guest's disk.")
	release, err = kernelOf(root, filepath.Join(at.dir, kernelFile))
	if err != nil {
		return "", err
	}
	versions, err := at.run(ctx, "dpkg-query", "--admindir="+filepath.Join(root, "var/lib/dpkg"), "-W", "-f", "${Package} ${Version}\n")
	if err != nil {
		return "", err
	}
	if err := os.WriteFile(filepath.Join(at.dir, "packages.txt"), []byte(versions), 0o444); err != nil { //nolint:gosec // everybody may read it
		return "", err
	}
	if err := makeDisk(ctx, at, root); err != nil {
		return "", err
	}
	if err := sums(at.dir, kernelFile, diskFile); err != nil {
		return "", err
	}
	return release, remove(root)
}

// install has mmdebstrap install the guest into root, and takes out of it what would
// differ from build to build.
func (r recipe) install(ctx context.Context, at site, root string) error {
	overlay, apt, list := filepath.Join(at.dir, "overlay.tar"), filepath.Join(at.dir, "apt.conf"), filepath.Join(at.dir, "sources.list")
	mirrors := sources(ctx)
	for file, content := range map[string]string{
		overlay: string(r.overlay),
		apt:     settings(ctx) + "Acquire::Languages \"none\";\nAPT::Install-Recommends \"false\";\n",
		list:    mirrors,
	} {
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			return fmt.Errorf("preparing the guest's installation: %w", err)
		}
		defer os.Remove(file) //nolint:errcheck // the directory is removed, or the next build says so
	}
	args := []string{
		"--quiet", "--mode=root", "--variant=essential", "--architectures=amd64",
		"--include=" + strings.Join(r.packages, ","), "--aptopt=" + apt,
		"--skip=cleanup/reproducible", // would empty the machine id; removed has the rest
		"--customize-hook=tar-in " + quote(overlay) + " /",
	}
	for _, path := range omitted {
		args = append(args, "--dpkgopt=path-exclude="+path)
	}
	args = append(args, suite, root)
	if mirrors != "" {
		args = append(args, list)
	}
	if _, err := at.run(ctx, "mmdebstrap", args...); err != nil {
		return err
	}
	for _, path := range removed {
		if err := os.RemoveAll(filepath.Join(root, path)); err != nil {
			return fmt.Errorf("tidying the guest's files: %w", err)
		}
	}
	return nil
}

// quote makes text one word of a shell.
func quote(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }

// kernelOf copies the one kernel in root and gives its release.
func kernelOf(root, to string) (release string, err error) {
	prefix := filepath.Join(root, "boot", "vmlinuz-")
	found, err := filepath.Glob(prefix + "*")
	if err != nil {
		return "", err
	}
	if len(found) != 1 {
		return "", fmt.Errorf("the guest has %d kernels, and should have one", len(found))
	}
	content, err := os.ReadFile(found[0])
	if err != nil {
		return "", fmt.Errorf("reading the guest's kernel: %w", err)
	}
	return strings.TrimPrefix(found[0], prefix), os.WriteFile(to, content, 0o444) //nolint:gosec // everybody may read it
}

// sums writes SHA256SUMS, in the form of sha256sum, for files of dir.
func sums(dir string, names ...string) (err error) {
	out, err := os.OpenFile(filepath.Join(dir, "SHA256SUMS"), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o444) //nolint:gosec // everybody may read it
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	for _, name := range names {
		file, err := os.Open(filepath.Join(dir, name)) //nolint:gosec // in our own directory
		if err != nil {
			return err
		}
		sum := sha256.New()
		_, err = io.Copy(sum, file)
		if err := errors.Join(err, file.Close()); err != nil {
			return fmt.Errorf("summing up %s: %w", name, err)
		}
		if _, err := fmt.Fprintf(out, "%x  %s\n", sum.Sum(nil), name); err != nil {
			return err
		}
	}
	return nil
}
