/** Bars beside each other, with a line where the goal is. */
export type Chart = {
  title: string
  unit: string
  bars: readonly { label: string; value: number }[]
  goal?: number
}

const WIDTH = 760
const LABELS = 250
const VALUES = 80
const ROW = 26
const TOP = 44

const escape = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')

const number = (value: number): string => String(Number(value.toPrecision(3)))

/** Draws a chart as SVG, readable on light and dark pages. */
export function barChart({ title, unit, bars, goal }: Chart): string {
  const most = Math.max(...bars.map(({ value }) => value).filter(Number.isFinite), goal ?? 0)
  const x = (value: number) => LABELS + (value / most) * (WIDTH - LABELS - VALUES)
  const bottom = TOP + bars.length * ROW
  const height = bottom + (goal === undefined ? 10 : 28)
  const rows = bars.map(({ label, value }, index) => {
    const y = TOP + index * ROW
    const end = Number.isFinite(value) ? x(value) : LABELS
    return [
      `<text x="${LABELS - 10}" y="${y + 15}" text-anchor="end">${escape(label)}</text>`,
      `<rect x="${LABELS}" y="${y + 2}" width="${(end - LABELS).toFixed(1)}" height="18" fill="#3b7dd8"/>`,
      `<text x="${(end + 6).toFixed(1)}" y="${y + 15}">${Number.isFinite(value) ? number(value) : 'none'}</text>`,
    ].join('\n')
  })
  const line =
    goal === undefined
      ? []
      : [
          `<line x1="${x(goal).toFixed(1)}" x2="${x(goal).toFixed(1)}" y1="${TOP - 4}" y2="${bottom + 4}" stroke="#c0392b" stroke-width="2" stroke-dasharray="5 3"/>`,
          `<text x="${x(goal).toFixed(1)}" y="${bottom + 20}" text-anchor="middle" fill="#c0392b">goal ${number(goal)}</text>`,
        ]
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" font-family="system-ui, sans-serif" font-size="13" role="img" aria-label="${escape(title)}">`,
    `<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`,
    `<text x="12" y="24" font-size="15" font-weight="600">${escape(title)} (${escape(unit)})</text>`,
    ...rows,
    ...line,
    '</svg>',
    '',
  ].join('\n')
}
