#!/bin/sh
# The heartbeat alarm of an Auto Scaling group, as watch.Group makes it:
#   group.sh web
set -eu
group=$1
prefix=${ALARM_PREFIX:-crashcart-}
aws cloudwatch put-metric-alarm \
	--alarm-name "${prefix}heartbeat-group-$group" \
	--alarm-description "A member of $group has no heartbeat: its CloudWatch agent is silent" \
	--metrics '[
		{"Id": "expr_1", "Expression": "members - FILL(beats, 0)", "Label": "members without a heartbeat", "ReturnData": true},
		{"Id": "members", "ReturnData": false, "MetricStat": {"Period": 60, "Stat": "Minimum", "Metric": {
			"Namespace": "AWS/AutoScaling", "MetricName": "GroupInServiceInstances",
			"Dimensions": [{"Name": "AutoScalingGroupName", "Value": "'"$group"'"}]}}},
		{"Id": "beats", "ReturnData": false, "MetricStat": {"Period": 60, "Stat": "SampleCount", "Metric": {
			"Namespace": "CWAgent", "MetricName": "mem_used_percent",
			"Dimensions": [{"Name": "AutoScalingGroupName", "Value": "'"$group"'"}]}}}
	]' \
	--comparison-operator GreaterThanOrEqualToThreshold --threshold 1 \
	--evaluation-periods 5 \
	--treat-missing-data missing
