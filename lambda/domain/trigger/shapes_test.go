package trigger_test

const (
	child    = "alarm:arn:aws:cloudwatch:eu-central-1:111122223333:alarm:"
	balanced = "tg:arn:aws:elasticloadbalancing:eu-central-1:111122223333:targetgroup/api/50dc6c495c0c9188"
)

// shapes is fixtures for what comes by SNS, by an alarm's Lambda action, and for
// alarms that lead to an instance rather than name it.
var shapes = map[string][]string{
	// A composite names its children, or is looked up; a log alarm and a query name nobody.
	"composite-two-children":             {child + "heartbeat-lost" + " " + child + "api-unhealthy"},
	"composite-reason-data-cut-off":      {child + "host-hangs"},
	"composite-without-reason-data":      {child + "host-hangs"},
	"composite-no-child-in-alarm":        {"no-instance"},
	"composite-child-of-another-account": {child + "host-hangs"},
	"composite-child-without-state":      {child + "host-hangs"},
	"composite-alarm-to-alarm":           {child + "heartbeat-lost"},
	"log-alarm-reason-data-elided":       {"no-instance"},
	"multi-time-series":                  {"no-instance"},

	// A contributor counts by its attributes alone.
	"contributor-group":              {"group:web"},
	"contributor-instance-and-group": {long},
	"contributor-table":              {"contributor-without-instance"},
	"contributor-bad-id-and-group":   {"contributor-without-instance"},
	"contributor-ok":                 {"ok"},
	"contributor-muted":              {"muted"},
	"contributor-without-id":         {"malformed"},
	"contributor-key-misspelt":       {"malformed"},

	// Dimensions: the narrowest wins.
	"target-group":                         {balanced},
	"target-group-network":                 {balanced},
	"target-group-gateway":                 {balanced},
	"target-group-china":                   {"tg:arn:aws-cn:elasticloadbalancing:cn-north-1:111122223333:targetgroup/api/50dc6c495c0c9188"},
	"target-group-custom-namespace":        {"no-instance"},
	"target-group-is-an-arn":               {"no-instance"},
	"target-group-and-group-in-expression": {balanced + " group:web"},
	"instance-and-group":                   {long},
	"instance-and-group-in-expression":     {long},
	"bad-id-and-group":                     {"no-instance"},
	"group-name-blank":                     {"no-instance"},
	"group-of-another-account":             {"no-instance"},
	"group-of-the-same-account":            {"group:web"},
	"population-image":                     {"population"},
	"population-type":                      {"population"},
	"population-cluster":                   {"population"},
	"population-load-balancer":             {"population"},
	"cluster-and-instance":                 {long},
	"cluster-and-node":                     {"no-instance"},
	"anomaly-two-returned":                 {long},

	// The alarm's Lambda action.
	"alarm-action-name-differs":        {short},
	"alarm-action-math":                {long + " " + other},
	"alarm-action-composite":           {child + "heartbeat-lost"},
	"alarm-action-ok":                  {"ok"},
	"alarm-action-contributor":         {"contributor-unreadable"},
	"alarm-action-contributor-outside": {"contributor-unreadable"},
	"alarm-action-group-by":            {"contributor-unreadable"},
	"alarm-action-other-source":        {"unknown-shape"},
	"alarm-action-without-arn":         {"malformed"},

	// What an alarm publishes, by every envelope.
	"sns-queue":                      {long},
	"sns-raw-alarm":                  {long},
	"alarm-message-bare":             {long},
	"sns-status-check":               {short},
	"sns-metrics":                    {other + " " + long},
	"sns-metrics-population":         {"population"},
	"sns-metrics-of-another-account": {"no-instance"},
	"sns-target-group":               {balanced},
	"sns-composite":                  {child + "heartbeat-lost"},
	"sns-composite-no-children":      {child + "host-hangs"},
	"sns-composite-none-in-alarm":    {"no-instance"},
	"sns-contributor":                {long},
	"sns-contributor-without-reason": {"group:web"},
	"sns-contributor-cut-short":      {"contributor-without-instance"},
	"sns-contributor-without-arn":    {"malformed"},
	"sns-ok":                         {"ok"},
	"sns-insufficient-data":          {"insufficient-data"},
	"sns-without-trigger":            {"no-instance"},
	"sns-dimensions-as-map":          {"malformed"},
	"sns-dimensions-upper-case":      {"malformed"},
	"sns-dimension-twice":            {"malformed"},
	"sns-id-in-text-only":            {"no-instance"},
	"sns-without-arn":                {"malformed"},
	"sns-without-time":               {"malformed"},
	"sns-region-lies":                {long},

	// Envelopes.
	"sns-confirmation": {"subscription-confirmation"},
	"sns-unsubscribe":  {"subscription-confirmation"},
	"sns-type-unknown": {"unknown-shape"},
	"sns-inside-sns":   {"unknown-shape"},
	"sns-eventbridge":  {long},
	"sns-direct":       {"not-a-direct-invoke"},
	"sns-alarm-action": {"not-a-direct-invoke"},
	"sns-later":        {"malformed"},

	// Text.
	"text":                   {long},
	"text-queue-dry-run":     {long + " " + short},
	"text-raw":               {long},
	"text-notification-bare": {short},
	"text-for-people":        {"not-the-grammar"},
	"text-hello":             {"not-the-grammar"},
	"text-two-lines":         {"malformed"},
	"text-force":             {"force-outside-direct"},
	"text-broken-json":       {"not-json"},

	// Attributes.
	"attribute-alertmanager":         {long},
	"attribute-array":                {long + " " + short},
	"attribute-amp":                  {long},
	"attribute-grafana":              {short},
	"attribute-raw":                  {long},
	"attribute-before-text":          {long},
	"attribute-resolved":             {"resolved"},
	"attribute-resolved-no-instance": {"resolved"},
	"attribute-no-status":            {"not-firing"},
	"attribute-status-upper-case":    {"not-firing"},
	"attribute-no-instance":          {"not-the-grammar"},
	"attribute-force":                {"force-outside-direct"},
	"attribute-list-as-string":       {"malformed"},
	"attribute-one-bad-id":           {"malformed"},
	"attribute-binary":               {"malformed"},
	"attribute-on-alarm":             {long},
	"attribute-on-alarm-ok":          {"ok"},
	"attribute-resolved-on-alarm":    {"resolved"},
	"attribute-on-request":           {long},

	// Ignored by name.
	"autoscaling-hook-in-queue":     {"auto-scaling"},
	"autoscaling-hook-in-topic":     {"auto-scaling"},
	"autoscaling-test-notification": {"test-notification"},
	"autoscaling-notification":      {"auto-scaling"},
	"autoscaling-terminated":        {"auto-scaling"},
	"chat-notification":             {"chat-message"},
	"slack-request":                 {"chat-message"},
	"http-request":                  {"unknown-shape"},
	"sqs-every-route":               {long, long, long, short, short, other, long, child + "heartbeat-lost", long, "auto-scaling", "not-the-grammar"},
}
