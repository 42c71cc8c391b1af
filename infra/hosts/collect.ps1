# Brings home what a crash of this host has left: its small memory dumps, and MEMORY.DMP.
#
# step=survey lists the files that were written since the interrupt. step=send fetches a
# manifest and sends the parts that it asks for, each to the URL that is signed for it.
# The last line of the output is the answer, as JSON. The host needs no credentials.
#
# Windows PowerShell 4 or later. It changes nothing on the host. It says and decides the
# same as collect.sh does, which has the reasons.

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

function Test-Plain($path) { $path.Length -le 255 -and $path -cmatch '^[A-Za-z]:(\\[A-Za-z0-9._@+() -]+)+$' }

# Windows writes MEMORY.DMP from the page file while it boots. Until then others may not read it.
function Open-Dump($path) {
  New-Object IO.FileStream $path, ([IO.FileMode]::Open), ([IO.FileAccess]::Read), ([IO.FileShare]::Read)
}

# Get-Flaw says why a file is no whole dump, or nothing. The header begins with PAGEDU64 or
# PAGEDUMP, and says at 0xFA0 (0xF88 in 32 bits) how much room the dump needs.
function Get-Flaw($file) {
  if ($file.Length -eq 0) { return 'empty' }
  if ($file.Length -lt 4096) { return 'incomplete' }
  $head = New-Object byte[] 4096
  try {
    $in = Open-Dump $file.FullName
    try { $got = $in.Read($head, 0, $head.Length) } finally { $in.Dispose() }
  } catch { return 'busy' }
  if ($got -lt $head.Length) { return 'incomplete' }
  switch ([Text.Encoding]::ASCII.GetString($head, 0, 8)) {
    'PAGEDU64' { $needs = [BitConverter]::ToInt64($head, 0xFA0) }
    'PAGEDUMP' { $needs = [BitConverter]::ToInt64($head, 0xF88) }
    default { return 'not-a-dump' }
  }
  if ($needs -gt $file.Length) { return 'incomplete' }
}

# Get-Places reads where this host puts its dumps.
function Get-Places {
  $key = Get-ItemProperty 'HKLM:\SYSTEM\CurrentControlSet\Control\CrashControl'
  $mini = Join-Path $env:SystemRoot 'Minidump'
  $full = Join-Path $env:SystemRoot 'MEMORY.DMP'
  if ($key.PSObject.Properties['MinidumpDir']) { $mini = [Environment]::ExpandEnvironmentVariables($key.MinidumpDir) }
  if ($key.PSObject.Properties['DumpFile']) { $full = [Environment]::ExpandEnvironmentVariables($key.DumpFile) }
  Get-ChildItem (Join-Path $mini '*.dmp') -ErrorAction SilentlyContinue | ForEach-Object { @{ kind = 'minidump'; file = $_ } }
  Get-Item $full -ErrorAction SilentlyContinue | ForEach-Object { @{ kind = 'dump'; file = $_ } }
}

function Invoke-Survey {
  $files = @()
  $skipped = @()
  foreach ($found in @(Get-Places)) {
    $file = $found.file
    $modified = Get-Modified $file
    if ($file.PSIsContainer -or $modified -lt [long]$env:SSM_since) { continue }
    $why = Get-Flaw $file
    if ($file.Attributes -band [IO.FileAttributes]::ReparsePoint) { $why = 'not-ours' }
    elseif ([Math]::Abs(([DateTime]::UtcNow - $file.LastWriteTimeUtc).TotalSeconds) -lt $settled) { $why = 'busy' }
    elseif (-not $why -and $files.Count -ge $maxFiles) { $why = 'too-many' }
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

# Write-Answer writes the one line that is read. The version must come first.
function Write-Answer($answer) {
  $text = ConvertTo-Json $answer -Depth 5 -Compress
  Write-Output ('{"crashcart":1,' + $text.Substring(1))
}

function Test-Same($want) {
  $file = Get-Item -LiteralPath $want.path -ErrorAction SilentlyContinue
  $file -and $file.Length -eq $want.size -and (Get-Modified $file) -eq $want.modified
}

function Get-SecondsLeft { [long]$env:SSM_seconds - [long]$watch.Elapsed.TotalSeconds }

# Send-Bytes sends a part and gives S3's status, or 0 when there was no answer.
function Send-Bytes($in, $offset, $size, $url, $seconds) {
  $rate = [long]$env:SSM_rate
  $pace = [Diagnostics.Stopwatch]::StartNew()
  $buffer = New-Object byte[] 1048576
  try {
    $request = [Net.HttpWebRequest][Net.WebRequest]::Create($url)
    $request.Method = 'PUT'
    $request.ContentLength = $size
    $request.AllowWriteStreamBuffering = $false
    $request.AllowAutoRedirect = $false
    $request.Timeout = $seconds * 1000
    $request.ReadWriteTimeout = 60000
    $request.ServicePoint.Expect100Continue = $false
    $out = $request.GetRequestStream()
    [void]$in.Seek($offset, [IO.SeekOrigin]::Begin)
    for ($done = 0; $done -lt $size; $done += $got) {
      $got = $in.Read($buffer, 0, [int][Math]::Min($buffer.Length, $size - $done))
      if ($got -le 0) { throw 'the file has become shorter' }
      $out.Write($buffer, 0, $got)
      if ($rate -gt 0) {
        $ahead = 1000 * ($done + $got) / $rate - $pace.ElapsedMilliseconds
        if ($ahead -gt 0) { Start-Sleep -Milliseconds $ahead }
      }
    }
    $out.Close()
    $response = $request.GetResponse()
    try { return [int]$response.StatusCode } finally { $response.Close() }
  } catch [Net.WebException] {
    if ($_.Exception.Response) {
      try { return [int]$_.Exception.Response.StatusCode } finally { $_.Exception.Response.Close() }
    }
    return 0
  } catch { return 0 }
}

# Add-Sum adds a part to the sum of the whole file.
function Add-Sum($sum, $in, $offset, $size) {
  $buffer = New-Object byte[] 1048576
  [void]$in.Seek($offset, [IO.SeekOrigin]::Begin)
  for ($done = 0; $done -lt $size; $done += $got) {
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
  if (-not (Test-Same $want)) { $result.state = 'changed'; return $result }
  $sum = [Security.Cryptography.SHA256]::Create()
  try {
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
    [void]$sum.TransformFinalBlock((New-Object byte[] 0), 0, 0)
    $result.sha256 = ([BitConverter]::ToString($sum.Hash) -replace '-', '').ToLowerInvariant()
  } catch [IO.IOException] {
    $result.state = 'unread'
  } finally { $sum.Dispose() }
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

function Invoke-Send {
  $answer = @{ step = 'send'; files = @(); stopped = ''; seconds = 0 }
  [Net.ServicePointManager]::SecurityProtocol = [Net.ServicePointManager]::SecurityProtocol -bor [Net.SecurityProtocolType]::Tls12
  $mutex = New-Object Threading.Mutex $false, 'Global\crashcart-collect'
  $ours = $false
  try {
    try { $ours = $mutex.WaitOne(0) } catch [Threading.AbandonedMutexException] { $ours = $true }
    if (-not $ours) { $answer.stopped = 'busy' }
    else {
      try { $text = (New-Object Net.WebClient).DownloadString($env:SSM_manifestUrl) } catch { $text = '' }
      if (-not $text.StartsWith('{"crashcart":1,')) { $answer.stopped = 'no-manifest' }
      else { foreach ($f in @(Read-Manifest $text)) { $answer.files += Send-File $f.want $f.parts } }
    }
  } finally {
    if ($ours) { $mutex.ReleaseMutex() }
    $mutex.Dispose()
  }
  $answer.seconds = [long]$watch.Elapsed.TotalSeconds
  Write-Answer $answer
}

(Get-Process -Id $PID).PriorityClass = 'Idle'
switch ($env:SSM_step) {
  'survey' { Invoke-Survey }
  'send' { Invoke-Send }
  default { [Console]::Error.WriteLine('crashcart: there is no step of this name'); exit 2 }
}
