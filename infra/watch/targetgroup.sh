#!/bin/sh
# The alarm of a target group behind an application load balancer, as
# watch.TargetGroup makes it, from the ends of the two ARNs:
#   targetgroup.sh targetgroup/web/0123456789abcdef app/web/0123456789abcdef
set -eu
targets=$1 balancer=$2
prefix=${ALARM_PREFIX:-crashcart-}
name=${targets#targetgroup/}
name=${name%%/*}
case $balancer in net/*) namespace=AWS/NetworkELB ;; *) namespace=AWS/ApplicationELB ;; esac
aws cloudwatch put-metric-alarm \
	--alarm-name "${prefix}unhealthy-$name" \
	--alarm-description "A target of $name is unhealthy" \
	--namespace "$namespace" --metric-name UnHealthyHostCount --statistic Minimum --period 60 \
	--dimensions "Name=TargetGroup,Value=$targets" "Name=LoadBalancer,Value=$balancer" \
	--comparison-operator GreaterThanOrEqualToThreshold --threshold 1 \
	--evaluation-periods 5 \
	--treat-missing-data notBreaching
