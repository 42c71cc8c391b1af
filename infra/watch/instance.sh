#!/bin/sh
# The heartbeat alarm of one instance, as watch.Instance makes it:
#   instance.sh i-0a1b2c3d4e5f60718
# A member of an Auto Scaling group can run it in its user data, with its own id
# from the instance metadata and cloudwatch:PutMetricAlarm in its role.
set -eu
instance=$1
prefix=${ALARM_PREFIX:-crashcart-}
aws cloudwatch put-metric-alarm \
	--alarm-name "${prefix}heartbeat-$instance" \
	--alarm-description "No heartbeat of $instance: its CloudWatch agent is silent" \
	--namespace CWAgent --metric-name mem_used_percent --statistic SampleCount --period 60 \
	--dimensions "Name=InstanceId,Value=$instance" \
	--comparison-operator LessThanThreshold --threshold 1 \
	--evaluation-periods 3 \
	--treat-missing-data breaching
