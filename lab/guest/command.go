package guest

import (
	"net/netip"
	"strconv"

	"crashcart/lab/guest/link"
)

// The guest's network with the lab; the image sets the guest's address. Its card is the
// first one, and so is eth0.
var (
	hostMAC  = link.MAC{0x02, 0, 0, 0, 0, 0x01} // locally administered, as the guest's
	hostIP   = netip.AddrFrom4([4]byte{10, 0, 0, 1})
	guestIP  = netip.AddrFrom4([4]byte{10, 0, 0, 2})
	guestMAC = link.MAC{0x02, 0, 0, 0, 0, 0x02}
)

// volume is the serial number of the root disk, which on EC2 is the id of its volume
// ("Identify the EBS volume", Amazon EBS User Guide).
const volume = "vol0123456789abcdef0"

// arguments is QEMU's command line. The descriptors are those of wires.files.
//
// The translator's code cache is bounded because its default of 1 GiB makes QEMU use
// 1.5 GB and every boot after the first slow; the processor is a plain one because what
// a richer one makes the kernel load costs ten seconds of each boot.
func arguments(o Options) []string {
	return append([]string{
		"-no-user-config", "-nodefaults", "-display", "none",
		"-accel", "tcg,tb-size=128", "-cpu", "qemu64,-svm", "-machine", "pc",
		"-smp", strconv.Itoa(o.CPUs), "-m", strconv.Itoa(o.MemoryMB),
		"-vga", "std",
		"-drive", "if=none,id=root,format=qcow2,cache=unsafe,file=/proc/self/fd/" + strconv.Itoa(diskFD),
		"-device", "nvme,drive=root,serial=" + volume,
		"-kernel", o.Image.Kernel, "-append", kernelArguments(o),
		"-chardev", "stdio,id=console,signal=off", "-serial", "chardev:console",
		"-chardev", "socket,id=monitor,fd=" + strconv.Itoa(monitorFD), "-mon", "chardev=monitor,mode=control",
		"-device", "virtio-serial-pci", "-chardev", "socket,id=agent,fd=" + strconv.Itoa(agentFD),
		"-device", "virtserialport,chardev=agent,name=org.qemu.guest_agent.0",
		"-netdev", "dgram,id=network,local.type=fd,local.str=" + strconv.Itoa(networkFD),
		"-device", "virtio-net-pci,netdev=network,romfile=,mac=" + guestMAC.String(),
	}, o.Store.arguments()...)
}

// kernelArguments is the kernel's command line: an EC2 guest's, as far as it matters.
func kernelArguments(o Options) string {
	args := "root=/dev/nvme0n1 ro console=tty0 console=ttyS0,115200 net.ifnames=0"
	if o.CrashKernel != NoCrashKernel {
		args += " crashkernel=" + o.CrashKernel
	}
	if o.KernelArgs != "" {
		args += " " + o.KernelArgs
	}
	return args
}
