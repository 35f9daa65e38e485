"""The Swift/BAT transient monitor: its page of sources, and light curves as text."""

from __future__ import annotations

from tests.replicas.serving import Answer, Asked, Replica

PAGE = """<html><head><title>BAT Transient Monitor</title></head><body><table border=1>
<tr><th>&nbsp;</th><th>Source Name</th>
<th>RA J2000 Degs</th><th>Dec J2000 Degs</th><th>Alternate Name</th><th>Source Type</th></tr>
<tr><td>1</td><td><a href="weak/Mrk421.html">Mrk 421</a> </td>
<td>166.114</td><td>38.209</td><td>QSO B1101+384</td><td>BL Lac</td></tr>
<tr><td>2</td><td>1A 0535+262</td><td>84.727</td><td>26.316</td><td>-</td><td>HMXB/NS</td></tr>
<tr><td>3</td><td>Cyg X-3</td><td>308.107</td><td>40.958</td><td>-</td><td>HMXB</td></tr>
<tr><td>4</td><td>Listed only</td><td>10.0</td><td>10.0</td><td>-</td><td>?</td></tr>
<tr><td>5</td><td>No place</td><td>-</td><td>-</td><td>-</td><td>?</td></tr>
</table></body></html>"""
HEAD = """# Swift/BAT daily light curve of {name}
# Energy range: 15-50 keV
# Rates are ct/cm2/s
# TIME RATE ERROR YEAR DAY STAT_ERR SYS_ERR DATA_FLAG TIMEDEL_EXPO TIMEDEL_CODED TIMEDEL_DITHERED
"""
FILES = {
    "/weak/Mrk421.lc.txt": "Mrk 421",
    "/1A0535p262.lc.txt": "1A 0535+262",
    "/weak/CygX-3.lc.txt": "Cyg X-3",
}
DAYS = 40


class Bat(Replica):
    """Below /transients; every eighth day has a flag."""

    def answer(self, asked: Asked) -> Answer:
        path = asked.path.removeprefix("/transients")
        if path == "/":
            return Answer(PAGE.encode(), kind="text/html")
        if path not in FILES:
            return Answer(b"<html>404</html>", 404, "text/html")
        lines = [
            f"{57000 + day} {0.002 + 0.0001 * day:.5f} 0.0008 2014 {300 + day} 0.0007 0.0003 {int(day % 8 == 7)} 30 20 15"
            for day in range(DAYS)
        ]
        return Answer((HEAD.format(name=FILES[path]) + "\n".join(lines) + "\n").encode())
