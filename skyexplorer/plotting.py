"""PlotVerbs: the verbs of `SkyExplorer` that plot columns and spectra, and mark what is in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from skyexplorer.actions import plots as plots_
from skyexplorer.actions import spectrum as spectrum_
from skyexplorer.actions.recording import recorded

if TYPE_CHECKING:
    from collections.abc import Sequence

    from skyexplorer.model.catalog import Source, SourceCatalog
    from skyexplorer.model.event import Event
    from skyexplorer.model.region import SkyRegion
    from skyexplorer.model.sed import SpectralEnergyDistribution
    from skyexplorer.session.session import Session


class PlotVerbs:
    """Histogram, scatter plot, spectrum, and marking."""

    session: Session
    _step_key: str

    @recorded(key="spectrum")
    def spectrum(
        self, source: Source | Event | str | SpectralEnergyDistribution
    ) -> SpectralEnergyDistribution | None:
        """Show the spectral energy distribution of a source, and return it.

        Its points come from all catalogues on the sky that have the source (nearest row within the errors of both positions,
        99 %; 2 arcsec where there are none), each an archive of its own; and from its light curve, where that is of flux
        densities or magnitudes, at the times that are selected.

        Parameters
        ----------
        source : Source, Event, str or SpectralEnergyDistribution
            A source, its name, or a spectrum that was read with ``SpectralEnergyDistribution.read``.

        Returns
        -------
        SpectralEnergyDistribution or None
            ν Fν with errors and limits; ``.refused`` tells what could not be converted. None where nothing is known.

        Raises
        ------
        NotFoundError
            For an unknown name.

        Examples
        --------
        >>> from skyexplorer import SkyExplorer
        >>> sky = SkyExplorer()
        >>> sky.spectrum("TXS 0506+056")
        <SpectralEnergyDistribution 4FGL J0509.4+0542: 13 points, 4 limits, fermi-sources, tev-sources>
        """
        return spectrum_.spectrum(self.session, source)

    @recorded()
    def histogram(
        self, layer: str | SourceCatalog, column: str | None = None, bins: int | None = None,
        log_x: bool | None = None, log_y: bool | None = None,
    ) -> None:  # fmt: skip
        """Show a histogram of a column of a layer.

        Parameters
        ----------
        layer : str or SourceCatalog
            The name of a layer of sources or events, or what it shows.
        column : str, optional
            A column, or an expression of columns such as ``"log10(Flux1000)"``. What is not given stays.
        bins : int, optional
            How many; 0 for as many as the values call for.
        log_x, log_y : bool, optional
            Whether the axis of the values, and that of the counts, is logarithmic.

        Raises
        ------
        InputError
            For an unknown column; names near to it are told.
        NotFoundError
            For an unknown layer.

        Examples
        --------
        >>> from skyexplorer import SkyExplorer
        >>> sky = SkyExplorer()
        >>> sky.histogram("fermi-sources", "Signif_Avg", log_x=True)
        >>> sky.session.plots.tab
        'histogram'
        """
        self._plot("histogram", layer, x=column, bins=bins, log_x=log_x, log_y=log_y)

    @recorded()
    def scatter(
        self, layer: str | SourceCatalog, x: str | None = None, y: str | None = None,
        log_x: bool | None = None, log_y: bool | None = None,
    ) -> None:  # fmt: skip
        """Show two columns of a layer against each other; very many rows as their density.

        Parameters
        ----------
        layer : str or SourceCatalog
            The name of a layer of sources or events, or what it shows.
        x, y : str, optional
            Columns, or expressions of columns. What is not given stays.
        log_x, log_y : bool, optional
            Whether the axes are logarithmic.

        Raises
        ------
        InputError
            For an unknown column; names near to it are told.
        NotFoundError
            For an unknown layer.

        Examples
        --------
        >>> from skyexplorer import SkyExplorer
        >>> sky = SkyExplorer()
        >>> sky.scatter("fermi-sources", "Signif_Avg", "Energy_Flux100", log_x=True, log_y=True)
        >>> sky.session.plots.scatter.y
        'Energy_Flux100'
        """
        self._plot("scatter", layer, x=x, y=y, log_x=log_x, log_y=log_y)

    def _plot(self, plot: str, layer: str | SourceCatalog, **changes: Any) -> None:
        """Calls in a row are one step where the last one says all that those before said."""
        plots_.show(self.session, plot, layer, **changes)
        given = sorted(name for name, value in changes.items() if value is not None)
        self._step_key = f"{plot} {getattr(self.session.plots, plot).layer} {given}"

    @recorded(key="mark", silent=("by",))
    def mark(
        self, layer: str | SourceCatalog, what: str | SkyRegion | Sequence[Any] | None = None,
        of: str | tuple[str, str] | None = None, log: str = "", by: str = "",
    ) -> int:  # fmt: skip
        """Mark rows of a layer in place of those marked before: sky, table and plots show them, and the others faded.

        Parameters
        ----------
        layer : str or SourceCatalog
            The name of a layer of sources or events, or what it shows.
        what : str, SkyRegion, sequence or None
            An expression or words, as for the filter of the table; a region; row numbers or one bool a row; None for none.
            With ``of`` one column, the two ends of its values; with ``of`` two columns, ``[(x, y), …]``: two opposite
            corners of a box, or three or more of a polygon. All but rows that are given mark only what is on show.
        of : str or (str, str), optional
            The column or columns that were brushed, or expressions of columns.
        log : {"", "x", "y", "xy"}
            On which logarithmic axes the edges of the polygon are straight.
        by : str
            Who marks; views give their name here.

        Returns
        -------
        int
            How many: ``sky.layers[layer].marked`` tells which.

        Raises
        ------
        InputError
            For something that tells no rows.
        NotFoundError
            For an unknown layer.

        Examples
        --------
        >>> from skyexplorer import SkyExplorer
        >>> sky = SkyExplorer()
        >>> sky.mark("fermi-sources", "Signif_Avg > 100") == sky.mark("fermi-sources", (100.0001, 1e4), of="Signif_Avg")
        True
        >>> sky.mark("fermi-sources")
        0
        """
        count = plots_.mark(self.session, layer, what, of, log)
        self._step_key = f"mark {layer}"
        return count
