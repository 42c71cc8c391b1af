// Answers questions of the kind "may this principal do this?" from policies, with
// @cloud-copilot/iam-simulate. Standard input is JSON:
//
//   policies   the policy documents by name
//   questions  what is asked; each names the policies that take part
//   trials     what to evaluate: the indices of questions, after some policies were
//              replaced by others; with "until" only until one answer is not the
//              verdict that its question wants
//
// Standard output is JSON: for each trial the answers to its questions, in order.

import { anonymousPrincipal, runSimulation } from '@cloud-copilot/iam-simulate'
import { text } from 'node:stream/consumers'

const { policies, questions, trials } = JSON.parse(await text(process.stdin))

// verdict says what the evaluator decided, and by which statements.
function verdict(analysis) {
  if (analysis.result === 'ImplicitlyDenied') return 'no statement allows it'
  const [said, kind] = analysis.result === 'Allowed' ? ['allowed', 'allowStatements'] : ['denied', 'denyStatements']
  const sids = [analysis.identityAnalysis, analysis.resourceAnalysis, analysis.permissionBoundaryAnalysis]
    .flatMap((part) => part?.[kind] ?? [])
    .map(({ statement }) => statement.sid())
  return `${said} by ${sids.join(' and ')}`
}

async function answer(question, document) {
  const named = (names) => (names ?? []).map((name) => ({ name, policy: document(name) }))
  const simulation = {
    request: {
      principal: question.principal === '' ? anonymousPrincipal : question.principal,
      action: question.action,
      resource: { resource: question.resource, accountId: question.account },
      contextVariables: question.context,
    },
    identityPolicies: named(question.identity),
    serviceControlPolicies: [],
    resourceControlPolicies: [],
  }
  if (question.boundary) simulation.permissionBoundaryPolicies = named(question.boundary)
  if (question.on !== '') simulation.resourcePolicy = document(question.on)

  const { resultType, errors, result } = await runSimulation(simulation, {})
  if (resultType !== 'single') return { error: JSON.stringify(errors ?? resultType) }
  return { verdict: verdict(result.analysis), ignored: result.ignoredContextKeys }
}

const answers = []
for (const { replaced, asked, until } of trials) {
  const document = (name) => replaced?.[name] ?? policies[name]
  const list = []
  for (const index of asked) {
    list.push(await answer(questions[index], document))
    if (until && list.at(-1).verdict !== questions[index].want) break
  }
  answers.push(list)
}
process.stdout.write(JSON.stringify(answers))
