package fleet

// Type is an EC2 instance type, as DescribeInstanceTypes gives it.
type Type struct {
	Name          string
	Hypervisor    string // nitro or xen; empty for bare metal
	BareMetal     bool
	Architectures []string
	Manufacturer  string
	VCPUs         int
	MemoryMiB     int
}

// Graviton says whether the processor is AWS's own, which takes no diagnostic
// interrupt.
func (t Type) Graviton() bool { return t.Manufacturer == "AWS" }

// Nitro says whether the type is built on the Nitro System, virtual or metal.
func (t Type) Nitro() bool { return t.Hypervisor == "nitro" || t.BareMetal }

// Types are the instance types that the lab has: one or two of every kind that
// the guard treats differently.
var Types = func() map[string]Type {
	x86, arm := []string{"x86_64"}, []string{"arm64"}
	out := map[string]Type{}
	for _, t := range []Type{
		{"t3.medium", "nitro", false, x86, "Intel", 2, 4096},
		{"m6i.large", "nitro", false, x86, "Intel", 2, 8192},
		{"m6a.large", "nitro", false, x86, "AMD", 2, 8192},
		{"c7i.large", "nitro", false, x86, "Intel", 2, 4096},
		{"r6i.8xlarge", "nitro", false, x86, "Intel", 32, 262144},
		{"m7g.large", "nitro", false, arm, "AWS", 2, 8192},
		{"c7g-flex.large", "nitro", false, arm, "AWS", 2, 4096},
		{"m4.large", "xen", false, x86, "Intel", 2, 8192},
		{"t2.micro", "xen", false, []string{"i386", "x86_64"}, "Intel", 1, 1024},
		{"m5.metal", "", true, x86, "Intel", 96, 393216},
		{"mac1.metal", "", true, []string{"x86_64_mac"}, "Intel", 12, 32768},
	} {
		out[t.Name] = t
	}
	return out
}()
