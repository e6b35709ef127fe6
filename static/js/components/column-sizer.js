// Column widths by hand: the edge of a head is dragged, a double click on it fits the column to what is in view.

/** @param {import('./table-body.js').TableBody} table @param {() => void} draw */
export function columnSizer(table, draw) {
	let drag = /** @type {{ column: number, from: number } | null} */ (null);
	const set = (column, px) => { table.setWidth(column, px); draw(); };

	/** Wider by so many px, or fit (0). @param {number} column @param {number} by */
	function size(column, by) {
		if (!table.columns[column]) return;
		const range = new Range();
		const widths = table.cells(column).map((cell) => {
			range.selectNodeContents(cell.querySelector('.rt-flag, .rt-col b') ?? cell);
			return range.getBoundingClientRect().width + 24;
		});
		set(column, by ? table.at[column + 1] - table.at[column] + by : Math.max(...widths));
	}

	table.grid.addEventListener('pointerdown', ({ target, clientX }) => {
		const { column } = table.placeOf(target) ?? {};
		drag = target.matches('.rt-grip') ? { column, from: clientX - table.at[column + 1] + table.at[column] } : null;
	});
	table.grid.addEventListener('dblclick', ({ target }) => { if (target.matches('.rt-grip')) size(table.placeOf(target).column, 0); });
	window.addEventListener('pointermove', ({ clientX, buttons }) => {
		if (!buttons) drag = null;
		if (drag) set(drag.column, clientX - drag.from);
	});
	return size;
}
