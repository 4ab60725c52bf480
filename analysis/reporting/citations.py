"""Publications that a report cites by author and year, and what it says of them in its list."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from analysis.reporting.document import Block, Bullets, Doi, Section, Text, plain, text

CITED: Mapping[str, tuple[str, str]] = {
    "Barnard and Rubin 1999": (
        "Barnard J, Rubin DB. Small-sample degrees of freedom with multiple imputation. "
        "Biometrika 1999;86:948–955. ",
        "10.1093/biomet/86.4.948",
    ),
    "Bauer and Curran 2005": (
        "Bauer DJ, Curran PJ. Probing interactions in fixed and multilevel regression: "
        "inferential and graphical techniques. Multivariate Behavioral Research "
        "2005;40:373–400. ",
        "10.1207/s15327906mbr4003_5",
    ),
    "Bieler et al. 2010": (
        "Bieler GS, Brown GG, Williams RL, Brogan DJ. Estimating model-adjusted risks, risk "
        "differences, and risk ratios from complex survey data. American Journal of "
        "Epidemiology 2010;171:618–623. ",
        "10.1093/aje/kwp440",
    ),
    "Binder 1983": (
        "Binder DA. On the variances of asymptotically normal estimators from complex "
        "surveys. International Statistical Review 1983;51:279–292. ",
        "10.2307/1402588",
    ),
    "van Buuren 2018": (
        "van Buuren S. Flexible Imputation of Missing Data, 2nd edition. Chapman & Hall/CRC, "
        "2018. ",
        "10.1201/9780429492259",
    ),
    "Cochran 1954": (
        "Cochran WG. The combination of estimates from different experiments. Biometrics "
        "1954;10:101–129. ",
        "10.2307/3001666",
    ),
    "von Elm et al. 2007": (
        "von Elm E, Altman DG, Egger M, et al. The Strengthening the Reporting of "
        "Observational Studies in Epidemiology (STROBE) statement: guidelines for reporting "
        "observational studies. PLoS Medicine 2007;4:e296. ",
        "10.1371/journal.pmed.0040296",
    ),
    "Graubard and Korn 1999": (
        "Graubard BI, Korn EL. Predictive margins with survey data. Biometrics 1999;55:652–659. ",
        "10.1111/j.0006-341x.1999.00652.x",
    ),
    "Harrell 2015": (
        "Harrell FE. Regression Modeling Strategies, 2nd edition. Springer, 2015. ",
        "10.1007/978-3-319-19425-7",
    ),
    "Higgins et al. 2009": (
        "Higgins JPT, Thompson SG, Spiegelhalter DJ. A re-evaluation of random-effects "
        "meta-analysis. Journal of the Royal Statistical Society A 2009;172:137–159. ",
        "10.1111/j.1467-985X.2008.00552.x",
    ),
    "von Hippel 2020": (
        "von Hippel PT. How many imputations do you need? A two-stage calculation using a "
        "quadratic rule. Sociological Methods & Research 2020;49:699–718. ",
        "10.1177/0049124117747303",
    ),
    "Hosmer and Lemeshow 1992": (
        "Hosmer DW, Lemeshow S. Confidence interval estimation of interaction. Epidemiology "
        "1992;3:452–456.",
        "",
    ),
    "Ingram et al. 2018": (
        "Ingram DD, Malec DJ, Makuc DM, et al. National Center for Health Statistics "
        "guidelines for analysis of trends. Vital and Health Statistics 2(179), 2018.",
        "",
    ),
    "Johnson and Neyman 1936": (
        "Johnson PO, Neyman J. Tests of certain linear hypotheses and their application to "
        "some educational problems. Statistical Research Memoirs 1936;1:57–93.",
        "",
    ),
    "Knapp and Hartung 2003": (
        "Knapp G, Hartung J. Improved tests for a random effects meta-regression with a "
        "single covariate. Statistics in Medicine 2003;22:2693–2710. ",
        "10.1002/sim.1482",
    ),
    "Knol et al. 2011": (
        "Knol MJ, VanderWeele TJ, Groenwold RHH, et al. Estimating measures of interaction on"
        " an additive scale for preventive exposures. European Journal of Epidemiology "
        "2011;26:433–438. ",
        "10.1007/s10654-011-9554-9",
    ),
    "Knol and VanderWeele 2012": (
        "Knol MJ, VanderWeele TJ. Recommendations for presenting analyses of effect "
        "modification and interaction. International Journal of Epidemiology 2012;41:514–520."
        " ",
        "10.1093/ije/dyr218",
    ),
    "Korn and Graubard 1990": (
        "Korn EL, Graubard BI. Simultaneous testing of regression coefficients with complex "
        "survey data: use of Bonferroni t statistics. The American Statistician "
        "1990;44:270–276.",
        "",
    ),
    "Lachat et al. 2016": (
        "Lachat C, Hawwash D, Ocké MC, et al. Strengthening the Reporting of Observational "
        "Studies in Epidemiology – Nutritional Epidemiology (STROBE-nut): an extension of the"
        " STROBE statement. PLoS Medicine 2016;13:e1002036. ",
        "10.1371/journal.pmed.1002036",
    ),
    "Lipsitch et al. 2010": (
        "Lipsitch M, Tchetgen Tchetgen E, Cohen T. Negative controls: a tool for detecting "
        "confounding and bias in observational studies. Epidemiology 2010;21:383–388. ",
        "10.1097/EDE.0b013e3181d61eeb",
    ),
    "Paule and Mandel 1982": (
        "Paule RC, Mandel J. Consensus values and weighting factors. Journal of Research of "
        "the National Bureau of Standards 1982;87:377–385. ",
        "10.6028/jres.087.022",
    ),
    "Reiter et al. 2006": (
        "Reiter JP, Raghunathan TE, Kinney SK. The importance of modeling the sampling design"
        " in multiple imputation for missing data. Survey Methodology 2006;32:143–149.",
        "",
    ),
    "Rubin 1987": (
        "Rubin DB. Multiple Imputation for Nonresponse in Surveys. Wiley, 1987. ",
        "10.1002/9780470316696",
    ),
    "Simonsohn et al. 2020": (
        "Simonsohn U, Simmons JP, Nelson LD. Specification curve analysis. Nature Human "
        "Behaviour 2020;4:1208–1214. ",
        "10.1038/s41562-020-0912-z",
    ),
    "Steegen et al. 2016": (
        "Steegen S, Tuerlinckx F, Gelman A, Vanpaemel W. Increasing transparency through a "
        "multiverse analysis. Perspectives on Psychological Science 2016;11:702–712. ",
        "10.1177/1745691616658637",
    ),
    "VanderWeele and Ding 2017": (
        "VanderWeele TJ, Ding P. Sensitivity analysis in observational research: introducing "
        "the E-value. Annals of Internal Medicine 2017;167:268–274. ",
        "10.7326/M16-2607",
    ),
    "Viechtbauer 2007": (
        "Viechtbauer W. Confidence intervals for the amount of heterogeneity in "
        "meta-analysis. Statistics in Medicine 2007;26:37–52. ",
        "10.1002/sim.2514",
    ),
}
"""By the words that cite it: the publication, and its DOI (empty where there is none)."""

NCHS = (
    "National Center for Health Statistics. National Health and Nutrition Examination Survey: "
    "public data files and their documentation. Hyattsville, Maryland."
)

_DATE = re.compile(r" \((?=\d{4}\))")
"""Before the year of "Rubin (1987)", which cites as "Rubin 1987" does."""


def cited(sections: Sequence[Section]) -> list[str]:
    """Find the publications that sections cite, by the words that do so."""
    said = _DATE.sub(" ", plain(sections))
    return [words for words in CITED if re.search(rf"(?<!\w){re.escape(words)}(?!\w)", said)]


def references(study: Any, sections: Sequence[Section]) -> list[Block]:
    """List the study's own publications, the survey's, and what the report cites.

    Parameters
    ----------
    study : Study
        Whose file names publications.
    sections : sequence of Section
        The rest of the report.

    Returns
    -------
    list of Block
        In the order of the alphabet, as a report that cites by author and year wants it.
    """
    found = [(str(each.citation).strip(), each.doi or "") for each in study.references]
    found += [(NCHS, ""), *(CITED[words] for words in cited(sections))]
    distinct = {name.strip(): doi for name, doi in found}
    items = sorted(distinct.items(), key=lambda item: item[0].casefold())
    return [Bullets(tuple(_entry(name, doi) for name, doi in items))]


def _entry(name: str, doi: str) -> Text:
    return text(name, " ", Doi(doi)) if doi else text(name)
