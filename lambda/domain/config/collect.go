package config

// DocumentCollect is the SSM document that brings home what a crash has left.
const DocumentCollect = "crashcart-collect"

// The parameters of DocumentCollect. The names are also those of environment variables,
// with SSM_ in front of them.
const (
	// CollectStep is what to do: dump.StepSurvey or dump.StepSend.
	CollectStep = "step"
	// CollectSince is the time of the interrupt in seconds since 1970. Older files are not
	// listed.
	CollectSince = "since"
	// CollectManifest is the presigned URL of the manifest.
	CollectManifest = "manifestUrl"
	// CollectSeconds is how long the script may take.
	CollectSeconds = "seconds"
	// CollectRate is how many bytes a second the script may send; 0 is as many as it can.
	CollectRate = "rate"
	// CollectDirectory is where a Linux host puts its dumps.
	CollectDirectory = "directory"
)

// The steps of DocumentCollect: one for each platform, and the other is skipped.
const (
	CollectLinux   = "linux"
	CollectWindows = "windows"
)
