// Parses PowerShell with tree-sitter-powershell. Standard input is JSON:
//
//   script   its tree is wanted
//   others   scripts of which only is asked whether they parse
//
// Standard output is JSON: the tree, and for each of the others whether it is broken.
//
// The grammar has a node for each precedence of an operator, also where there is none. A
// node that has only one child is left out, except where the kind of the parent matters.

import { createRequire } from 'node:module'
import { text } from 'node:stream/consumers'
import { Language, Parser } from 'web-tree-sitter'

await Parser.init()
const parser = new Parser()
parser.setLanguage(await Language.load(createRequire(import.meta.url).resolve('tree-sitter-powershell/tree-sitter-powershell.wasm')))

const kept = new Set(['command', 'statement_list', 'script_block'])

function plain(node) {
  const children = node.children
  const type = node.type
  if (children.length === 1 && children[0].isNamed && !node.isError && !kept.has(type)) return plain(children[0])
  return {
    type,
    line: node.startPosition.row + 1,
    text: node.text,
    wrong: node.isError || node.isMissing,
    children: children.map(plain),
  }
}

const { script, others } = JSON.parse(await text(process.stdin))
const root = (script) => parser.parse(script).rootNode
process.stdout.write(JSON.stringify({ tree: plain(root(script)), broken: others.map((other) => root(other).hasError) }))
