# Brings home what a crash of this host has left: its small memory dumps, and MEMORY.DMP.
#
# step=survey lists the files that were written since the interrupt. step=send fetches a
# manifest and sends the parts that it asks for, each to the URL that is signed for it.
# The last line of the output is the answer, as JSON. The host needs no credentials.
#
# Windows PowerShell 4 or later. It changes nothing on the host and starts no program. It
# says and decides the same as collect.sh does, which has the reasons.

Set-StrictMode -Version 2.0
$ErrorActionPreference = 'Stop'

# The agent gives the parameters in the environment. One from before 3.3.2746.0 puts them
# into this text instead; their patterns in the document keep quotes out of them.
if (-not (Test-Path Env:SSM_step)) {
  $env:SSM_step = '{{ step }}'
  $env:SSM_since = '{{ since }}'
  $env:SSM_manifestUrl = '{{ manifestUrl }}'
  $env:SSM_seconds = '{{ seconds }}'
  $env:SSM_rate = '{{ rate }}'
}

$maxFiles = 8
$maxSkipped = 16
$maxTries = 3
$settled = 10
$watch = [Diagnostics.Stopwatch]::StartNew()
$epoch = New-Object DateTime 1970, 1, 1, 0, 0, 0, ([DateTimeKind]::Utc)

function Get-Modified($file) { [long][Math]::Floor(($file.LastWriteTimeUtc - $epoch).TotalSeconds) }

function Test-Number($text) { $text -cmatch '^[0-9]{1,12}\z' }

function Test-Url($url) { $url -cmatch '^https?://[A-Za-z0-9._~:/?&=%+-]+\z' }

function Test-Plain($path) { $path.Length -le 255 -and $path -cmatch '^[A-Za-z]:(\\[A-Za-z0-9._@+() -]+)+\z' }

# Open-Dump fails while somebody writes to the file. Windows writes MEMORY.DMP from the page
# file after it has booted. What is read once need not stay in memory.
function Open-Dump($path) {
  New-Object IO.FileStream $path, ([IO.FileMode]::Open), ([IO.FileAccess]::Read), ([IO.FileShare]::Read), 65536, ([IO.FileOptions]::SequentialScan)
}

# Get-Flaw says why a file is no whole dump, or nothing. The header begins with PAGEDU64, or
# PAGEDUMP in 32 bits. At 0xFA0 it says how much room the dump needs.
function Get-Flaw($file) {
  if ($file.Attributes -band [IO.FileAttributes]::ReparsePoint) { return 'not-ours' }
  if ($file.Length -eq 0) { return 'empty' }
  if ([Math]::Abs(([DateTime]::UtcNow - $file.LastWriteTimeUtc).TotalSeconds) -lt $settled) { return 'busy' }
  if ($file.Length -lt 4096) { return 'incomplete' }
  $head = New-Object byte[] 4096
  try {
    $in = Open-Dump $file.FullName
    try { $got = $in.Read($head, 0, $head.Length) } finally { $in.Dispose() }
  } catch { return 'busy' }
  if ($got -lt $head.Length) { return 'incomplete' }
  $type = [Text.Encoding]::ASCII.GetString($head, 0, 8)
  if ($type -cne 'PAGEDU64' -and $type -cne 'PAGEDUMP') { return 'not-a-dump' }
  if ([BitConverter]::ToInt64($head, 0xFA0) -gt $file.Length) { return 'incomplete' }
}

# Get-Places gives the files that are where this host puts its dumps. The memory comes
# first: there may be more minidumps than are taken. Join-Path fails for a drive that is not
# there, so it is for what always is.
function Get-Places {
  $key = Get-ItemProperty 'HKLM:\SYSTEM\CurrentControlSet\Control\CrashControl'
  $mini = Join-Path $env:SystemRoot 'Minidump'
  $full = Join-Path $env:SystemRoot 'MEMORY.DMP'
  if ($key.PSObject.Properties['MinidumpDir']) { $mini = [Environment]::ExpandEnvironmentVariables($key.MinidumpDir) }
  if ($key.PSObject.Properties['DumpFile']) { $full = [Environment]::ExpandEnvironmentVariables($key.DumpFile) }
  Get-Item $full -ErrorAction SilentlyContinue | ForEach-Object { @{ kind = 'dump'; file = $_ } }
  Get-ChildItem ($mini + '\*.dmp') -ErrorAction SilentlyContinue | ForEach-Object { @{ kind = 'minidump'; file = $_ } }
}

function Invoke-Survey {
  $files = @()
  $skipped = @()
  foreach ($found in @(Get-Places)) {
    $file = $found.file
    $modified = Get-Modified $file
    if ($file.PSIsContainer -or $modified -lt [long]$env:SSM_since) { continue }
    $why = Get-Flaw $file
    if (-not $why -and $files.Count -ge $maxFiles) { $why = 'too-many' }
    if (-not (Test-Plain $file.FullName)) {
      if ($skipped.Count -lt $maxSkipped) { $skipped += @{ why = 'name'; size = $file.Length } }
    } elseif ($why) {
      if ($skipped.Count -lt $maxSkipped) { $skipped += @{ path = $file.FullName; why = $why; size = $file.Length } }
    } else {
      $files += @{ path = $file.FullName; kind = $found.kind; size = $file.Length; modified = $modified }
    }
  }
  Write-Answer @{ step = 'survey'; files = $files; skipped = $skipped }
}

# Write-Answer writes the one line that is read. The version must come first. Write-Output
# would break the line at the width of a console.
function Write-Answer($answer) {
  $text = ConvertTo-Json $answer -Depth 5 -Compress
  [Console]::Out.WriteLine('{"crashcart":1,' + $text.Substring(1))
}

function Test-Same($want) {
  $file = Get-Item -LiteralPath $want.path -ErrorAction SilentlyContinue
  $file -and $file.Length -eq $want.size -and (Get-Modified $file) -eq $want.modified
}

# Test-Listed says whether the survey would list a file of the manifest.
function Test-Listed($path) {
  foreach ($found in @(Get-Places)) {
    if ($found.file.FullName -eq $path -and -not $found.file.PSIsContainer) { return -not (Get-Flaw $found.file) }
  }
  return $false
}

function Get-SecondsLeft { [long]$env:SSM_seconds - [long]$watch.Elapsed.TotalSeconds }

function New-Request($url, $method, $seconds) {
  $request = [Net.HttpWebRequest][Net.WebRequest]::Create($url)
  $request.Method = $method
  $request.AllowAutoRedirect = $false
  $request.Timeout = 1000 * [int][Math]::Min($seconds, 3600)
  $request.ReadWriteTimeout = 60000
  return $request
}

# Get-Manifest gives the manifest's text, or nothing.
function Get-Manifest {
  if (-not (Test-Url $env:SSM_manifestUrl)) { return '' }
  try {
    $response = (New-Request $env:SSM_manifestUrl 'GET' 60).GetResponse()
    try { return (New-Object IO.StreamReader ($response.GetResponseStream())).ReadToEnd() } finally { $response.Close() }
  } catch { return '' }
}

# Write-Part writes a part into a request, no faster than it may.
function Write-Part($in, $offset, $size, $out) {
  $rate = [long]$env:SSM_rate
  $pace = [Diagnostics.Stopwatch]::StartNew()
  $buffer = New-Object byte[] 1048576
  [void]$in.Seek($offset, [IO.SeekOrigin]::Begin)
  for ($done = [long]0; $done -lt $size; $done += $got) {
    if ((Get-SecondsLeft) -le 0) { throw 'the time is over' }
    $got = $in.Read($buffer, 0, [int][Math]::Min($buffer.Length, $size - $done))
    if ($got -le 0) { throw 'the file has become shorter' }
    $out.Write($buffer, 0, $got)
    if ($rate -gt 0) {
      $ahead = 1000 * ($done + $got) / $rate - $pace.ElapsedMilliseconds
      if ($ahead -gt 0) { Start-Sleep -Milliseconds ([int]$ahead) }
    }
  }
}

# Send-Bytes sends a part and gives S3's status, or 0 when there was no answer.
function Send-Bytes($in, $offset, $size, $url, $seconds) {
  $request = $null
  try {
    $request = New-Request $url 'PUT' $seconds
    $request.ContentLength = $size
    $request.AllowWriteStreamBuffering = $false
    $out = $request.GetRequestStream()
    Write-Part $in $offset $size $out
    $out.Close()
    $response = $request.GetResponse()
    try { return [int]$response.StatusCode } finally { $response.Close() }
  } catch [Net.WebException] {
    if ($_.Exception.Response) {
      try { return [int]$_.Exception.Response.StatusCode } finally { $_.Exception.Response.Close() }
    }
    return 0
  } catch {
    return 0
  } finally {
    # A request that is left as it is would hold one of the two connections to S3.
    if ($request) { $request.Abort() }
  }
}

# Add-Sum adds a part to the sum of the whole file.
function Add-Sum($sum, $in, $offset, $size) {
  $buffer = New-Object byte[] 1048576
  [void]$in.Seek($offset, [IO.SeekOrigin]::Begin)
  for ($done = [long]0; $done -lt $size; $done += $got) {
    $got = $in.Read($buffer, 0, [int][Math]::Min($buffer.Length, $size - $done))
    if ($got -le 0) { return $false }
    [void]$sum.TransformBlock($buffer, 0, $got, $buffer, 0)
  }
  return $true
}

# Send-Part sends one part and gives the state of its file.
function Send-Part($in, $want, $part, $offset, $result) {
  for ($try = 1; $try -le $maxTries; $try++) {
    $seconds = Get-SecondsLeft
    if ($seconds -le 0) { return 'late' }
    if (-not (Test-Same $want)) { return 'changed' }
    $status = Send-Bytes $in $offset $part.size $part.url $seconds
    if ($status -eq 200) { $result.parts++; return 'sent' }
    if ($status -ge 400 -and $status -lt 500 -and $status -ne 408 -and $status -ne 429) {
      $result.http = $status
      return 'refused'
    }
    if ($try -lt $maxTries) { Start-Sleep -Seconds (2 * $try) }
  }
  return 'unreachable'
}

function Send-File($want, $parts) {
  $result = @{ path = $want.path; state = 'sent'; parts = 0 }
  if (-not (Test-Path -LiteralPath $want.path)) { $result.state = 'gone'; return $result }
  if (-not (Test-Same $want) -or -not (Test-Listed $want.path)) { $result.state = 'changed'; return $result }
  $sum = $null
  try {
    $sum = [Security.Cryptography.SHA256]::Create()
    $in = Open-Dump $want.path
    try {
      $offset = [long]0
      foreach ($part in $parts) {
        if (-not (Add-Sum $sum $in $offset $part.size)) { $result.state = 'unread' }
        elseif (-not $part.sent) { $result.state = Send-Part $in $want $part $offset $result }
        if ($result.state -ne 'sent') { return $result }
        $offset += $part.size
      }
    } finally { $in.Dispose() }
    if (-not (Test-Same $want)) { $result.state = 'changed'; return $result }
    [void]$sum.TransformFinalBlock([byte[]]@(), 0, 0)
    $result.sha256 = ([BitConverter]::ToString($sum.Hash) -replace '-', '').ToLowerInvariant()
  } catch {
    $result.state = 'unread'
  } finally {
    if ($sum) { $sum.Dispose() }
  }
  return $result
}

# Read-Manifest reads a manifest line by line. ConvertFrom-Json of Windows PowerShell takes
# no more than 2 MB at once.
function Read-Manifest($text) {
  $file = $null
  foreach ($line in $text -split "`n") {
    if ($line.StartsWith('{"path":')) {
      $file = @{ want = ConvertFrom-Json ($line.Substring(0, $line.LastIndexOf(',"parts":[')) + '}'); parts = @() }
    } elseif ($line.StartsWith('{"n":')) {
      $file.parts += ConvertFrom-Json $line.TrimEnd(',')
    } elseif ($line.StartsWith(']}') -and $file) {
      $file
      $file = $null
    }
  }
}

# Send-Manifest sends what the manifest asks for, and says in the answer what became of it.
function Send-Manifest($answer) {
  $text = Get-Manifest
  if (-not $text.StartsWith('{"crashcart":1,')) { $answer.stopped = 'no-manifest'; return }
  try { $files = @(Read-Manifest $text) } catch { $answer.stopped = 'bad-request'; return }
  foreach ($file in $files) {
    foreach ($part in $file.parts) {
      if (-not $part.sent -and -not (Test-Url $part.url)) { $answer.stopped = 'bad-request'; return }
    }
  }
  foreach ($file in $files) { $answer.files += Send-File $file.want $file.parts }
}

function Invoke-Send {
  $answer = @{ step = 'send'; files = @(); stopped = ''; seconds = 0 }
  [Net.ServicePointManager]::SecurityProtocol = [Net.ServicePointManager]::SecurityProtocol -bor [Net.SecurityProtocolType]::Tls12
  $mutex = $null
  $ours = $false
  try {
    try {
      $mutex = New-Object Threading.Mutex $false, 'Global\crashcart-collect'
      $ours = $mutex.WaitOne(0)
    } catch [Threading.AbandonedMutexException] { $ours = $true } catch { $ours = $false }
    if (-not (Test-Number $env:SSM_seconds) -or -not (Test-Number $env:SSM_rate)) { $answer.stopped = 'bad-request' }
    elseif (-not $ours) { $answer.stopped = 'busy' }
    else { Send-Manifest $answer }
  } finally {
    if ($ours) { $mutex.ReleaseMutex() }
    if ($mutex) { $mutex.Dispose() }
  }
  $answer.seconds = [long]$watch.Elapsed.TotalSeconds
  Write-Answer $answer
}

try { (Get-Process -Id $PID).PriorityClass = 'Idle' } catch { [Console]::Error.WriteLine('crashcart: the priority stays as it is') }
switch ($env:SSM_step) {
  'survey' {
    if (-not (Test-Number $env:SSM_since)) { [Console]::Error.WriteLine('crashcart: since is no number'); exit 2 }
    Invoke-Survey
  }
  'send' { Invoke-Send }
  default { [Console]::Error.WriteLine('crashcart: there is no step of this name'); exit 2 }
}
