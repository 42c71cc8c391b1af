package policytest_test

import "strings"

const (
	startExecution = "states:StartExecution"
	invoke         = "lambda:InvokeFunction"
	assume         = "sts:AssumeRole"
)

// stateMachineRows are about the state machine: who may start an execution, and what one
// may do.
func stateMachineRows(w world) []row {
	a := &asker{by: w.machineRole}
	a.ask("the state machine may invoke the follow-up", invoke, w.followupFunction, nil, allowed("Advance"))
	a.ask("the state machine never invokes the count", invoke, w.countFunction, nil, nothing)
	a.ask("the state machine never changes the follow-up's code", "lambda:UpdateFunctionCode", w.followupFunction, nil, nothing)
	a.ask("the state machine never starts itself", startExecution, w.machine, nil, nothing)
	a.ask("the state machine never reads evidence", "s3:GetObject", w.bucket+"/cases/"+caseID+"/before/console-latest.txt", nil, nothing)
	a.ask("the state machine never writes the casebook", "dynamodb:UpdateItem", w.table, nil, nothing)
	a.ask("the state machine never notifies", publish, w.notifications, nil, nothing)
	rows := a.rows
	for name, by := range map[string]principal{
		"the interrupt function": w.role, "the count": w.count, "just anybody of this account": w.person,
		"another account": w.foreign, "the public": w.anybody, "EventBridge": service(rules, account, w.sweeps),
		"an alarm": alarm(invoking, region, account, "crashcart-hang"),
	} {
		rows = append(rows, row{name: "an execution is never started by " + name, by: by, does: startExecution, on: w.machine, want: nothing})
	}
	return append(rows, row{name: "whom IAM allows may start an execution", by: w.administrator, does: startExecution, on: w.machine, want: allowed(everything)})
}

// followupRoleRows are about who takes on the two roles, and who invokes the follow-up.
func followupRoleRows(w world) []row {
	const states = "states.amazonaws.com"
	of := func(name string, by principal, does, on string, want verdict) row {
		return row{name: name, by: by, does: does, on: on, want: want}
	}
	return []row{
		of("the sweeps' schedule may invoke the follow-up", service(rules, account, w.sweeps), invoke, w.followupFunction, allowed("Schedule")),
		of("the counts' schedule never invokes the follow-up", service(rules, account, w.countSchedule), invoke, w.followupFunction, nothing),
		of("the sweeps' schedule never invokes the count", service(rules, account, w.sweeps), invoke, w.countFunction, nothing),
		of("the sweeps' schedule never invokes the interrupt function", service(rules, account, w.sweeps), invoke, w.function, nothing),
		of("the sweeps' schedule never changes the follow-up's code", service(rules, account, w.sweeps), "lambda:UpdateFunctionCode", w.followupFunction, nothing),
		of("the intake's rule never invokes the follow-up", service(rules, account, w.rule), invoke, w.followupFunction, nothing),
		of("EventBridge never invokes the follow-up for nobody", service(rules, "", ""), invoke, w.followupFunction, nothing),
		of("another service, in the schedule's name, never invokes the follow-up", service("s3.amazonaws.com", account, w.sweeps), invoke, w.followupFunction, nothing),
		of("an alarm never invokes the follow-up", alarm(invoking, region, account, "crashcart-hang"), invoke, w.followupFunction, nothing),
		of("the interrupt function never invokes the follow-up", w.role, invoke, w.followupFunction, nothing),
		of("another account never invokes the follow-up", w.foreign, invoke, w.followupFunction, nothing),
		of("the public never invokes the follow-up", w.anybody, invoke, w.followupFunction, nothing),
		of("just anybody of this account never invokes the follow-up", w.person, invoke, w.followupFunction, nothing),
		of("whom IAM allows may invoke the follow-up", w.administrator, invoke, w.followupFunction, allowed(everything)),

		of("Lambda may take on the follow-up's role", w.lambda, assume, w.followupRole, allowed("AllowLambda")),
		of("Lambda never tags the session of the follow-up's role", w.lambda, "sts:TagSession", w.followupRole, nothing),
		of("Step Functions never takes on the follow-up's role", service(states, account, w.machine), assume, w.followupRole, nothing),
		of("the interrupt function never takes on the follow-up's role", w.role, assume, w.followupRole, nothing),
		of("another account never takes on the follow-up's role", w.foreign, assume, w.followupRole, nothing),

		of("Step Functions may take on the state machine's role for it", service(states, account, w.machine), assume, w.machineRoleName, allowed("AllowStates")),
		of("Step Functions never takes it on for another state machine", service(states, account, arn("states", "stateMachine:payroll")), assume, w.machineRoleName, nothing),
		of("Step Functions never takes it on for another account", service(states, otherAccount, strings.Replace(w.machine, account, otherAccount, 1)), assume, w.machineRoleName, nothing),
		of("Step Functions never takes it on for another account that names this machine", service(states, otherAccount, w.machine), assume, w.machineRoleName, nothing),
		of("Step Functions never takes it on for nobody", service(states, "", ""), assume, w.machineRoleName, nothing),
		of("Step Functions never tags the session of the state machine's role", service(states, account, w.machine), "sts:TagSession", w.machineRoleName, nothing),
		of("another service, in the state machine's name, never takes it on", service("s3.amazonaws.com", account, w.machine), assume, w.machineRoleName, nothing),
		of("Lambda never takes on the state machine's role", w.lambda, assume, w.machineRoleName, nothing),
		of("the follow-up never takes on the state machine's role", w.followup, assume, w.machineRoleName, nothing),
		of("another account never takes on the state machine's role", w.foreign, assume, w.machineRoleName, nothing),
	}
}
