import { parser } from '@prometheus-io/lezer-promql'

/** What an expression selects: a metric, and matchers of its labels. */
export type Selector = { metric: string; matchers: { label: string; operator: string; value: string }[] }

/** A parsed expression. */
export type Expression = {
  /** Whether it is valid PromQL. */
  wellFormed: boolean
  selectors: Selector[]
  /** Labels that it groups by. If there are any, the result has only these. */
  grouping: string[]
}

type SyntaxNode = ReturnType<typeof parser.parse>['topNode']

/** Parses PromQL. Grafana's `$__rate_interval` counts as a duration. */
export function readPromql(expression: string): Expression {
  const text = expression.replaceAll('$__rate_interval', '5m')
  const read: Expression = { wellFormed: true, selectors: [], grouping: [] }
  const textOf = ({ from, to }: SyntaxNode) => text.slice(from, to)
  parser.parse(text).iterate({
    enter({ type, node }) {
      if (type.isError) read.wellFormed = false
      if (type.name === 'VectorSelector') {
        const name = node.getChild('Identifier')
        const matchers = node.getChild('LabelMatchers')?.getChildren('UnquotedLabelMatcher') ?? []
        read.selectors.push({
          metric: name === null ? '' : textOf(name),
          matchers: matchers.map((matcher) => {
            const [label = '', operator = '', value = ''] = ['LabelName', 'MatchOp', 'StringLiteral'].map((part) => {
              const found = matcher.getChild(part)
              return found === null ? '' : textOf(found)
            })
            return { label, operator, value: value.slice(1, -1) }
          }),
        })
      }
      if (type.name === 'GroupingLabels') read.grouping.push(...node.getChildren('LabelName').map(textOf))
    },
  })
  return read
}
