# R's answers to what descriptions there are beside means, on the made-up samples, with and without
# replicate weights: Rscript tests/reference/descriptions.R  (see README.md)
suppressMessages({
  library(survey)
  library(jsonlite)
})
here <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE)))
source(file.path(here, "json17.R"))
designs <- file.path(here, "designs")

replicated <- function(d) inherits(d, "svyrep.design")
# R counts rows of weight 0 in a replicate design, and not in any other.
counted <- function(d) if (replicated(d)) subset(d, weight > 0) else d
limits <- function(estimate, se, df) suppressWarnings(estimate + c(-1, 1) * qt(0.975, df) * se)

geometric <- function(d) {
  m <- svymean(~log(cost), d)
  g <- svycontrast(m, quote(exp(`log(cost)`)))
  ci <- exp(limits(coef(m), SE(m), degf(d)))
  list(estimate = as.numeric(coef(g)), std_error = as.numeric(SE(g)), conf_low = ci[1],
       conf_high = ci[2], df = degf(d), cv = as.numeric(SE(m)))
}

effect <- function(stat, d) {
  list(estimate = as.numeric(coef(stat)), deff = as.numeric(deff(stat)), cv = as.numeric(cv(stat)))
}

# svyratio of a replicate design has no deff that runs in survey 4.1.1 (the ratio is taken from a
# list): the variance of the ratio is held there against that of its residuals in a simple random
# sample, written out.
ratio_effect <- function(d, kind) {
  if (!replicated(d)) {
    r <- svyratio(~y, ~z, d, deff = kind)
    return(list(estimate = as.numeric(coef(r)), deff = as.numeric(attr(r, "deff")),
                cv = as.numeric(cv(r))))
  }
  d <- counted(d)
  r <- svyratio(~y, ~z, d)
  w <- weights(d, "sampling")
  ratio <- as.numeric(coef(r))
  residual <- (d$variables$y - ratio * d$variables$z) / sum(w * d$variables$z)
  n <- length(w)
  spread <- sum(w * (residual - sum(w * residual) / sum(w))^2) / sum(w) * n / (n - 1)
  simple <- spread * sum(w)^2 / n
  if (!identical(kind, "replace")) simple <- simple * (1 - n / sum(w))
  list(estimate = ratio, deff = as.numeric(SE(r))^2 / simple, cv = as.numeric(cv(r)))
}

effects_by_group <- function(d, kind) {
  table <- svyby(~y, ~group, counted(d), svymean, deff = kind)
  list(estimate = table$y, deff = as.numeric(table[[grep("DEff", names(table))]]),
       cv = table$se / table$y)
}

parts <- c(low = 0.2, mid = 0.5, top = 0.3)

# A group with nobody in a cell would be standardised to another population: R warns, we stop.
standardise <- function(d, over, missing = NULL, by = ~band, population = parts) {
  tryCatch(
    svystandardize(d, by = by, over = over, population = population, excluding.missing = missing),
    warning = function(w) stop(w))
}

# Rows of weight 0 get, in survey 4.1.1, the residual from their cell that a row of weight 1 would
# have, which moves standard errors by some 1e-7. In a sample with such rows they are therefore those
# of the total of the linearised variable, written out; in the others both must agree.
linearised <- function(made, d, x, by, population) {
  found <- svymean(x, made)
  if (replicated(d)) return(found)
  w <- weights(d, "sampling")
  data <- model.frame(d)
  value <- model.frame(x, data)[[1]]
  cell <- interaction(data[all.vars(by)], drop = TRUE)
  size <- tapply(w, cell, sum)
  centre <- tapply(w * value, cell, sum) / size
  d$variables$residual <- (value - centre[cell]) * (population / sum(population) / size)[cell]
  by_hand <- svytotal(~residual, d)
  if (all(w > 0)) stopifnot(abs(SE(by_hand) / SE(found) - 1) < 1e-11)
  attr(found, "var") <- attr(by_hand, "var")
  found
}

# Degrees of freedom are those before: R counts them anew, over replicate weights that it has
# rescaled within cells.
standardised <- function(d, x, over = ~group, missing = NULL, by = ~band, population = parts) {
  made <- standardise(d, over, missing, by, population)
  variable <- all.vars(x)
  found <- lapply(sort(unique(d$variables$group[weights(d, "sampling") > 0])), function(g) {
    # All groups at once where there are none.
    inside <- if (!length(all.vars(over))) subset(made, group > "") else
      eval(bquote(subset(made, group == .(g))))
    before <- if (!length(all.vars(over))) d else eval(bquote(subset(d, group == .(g))))
    keep <- bquote(!is.na(.(as.name(variable))))
    inside <- eval(bquote(subset(inside, .(keep))))
    before <- eval(bquote(subset(before, .(keep))))
    m <- linearised(inside, before, x, by, population)
    ci <- limits(coef(m), SE(m), degf(before))
    c(coef(m), SE(m), ci, degf(before))
  })
  if (!length(all.vars(over))) found <- found[1]
  found <- do.call(rbind, found)
  list(estimate = found[, 1], std_error = found[, 2], conf_low = found[, 3],
       conf_high = found[, 4], df = found[, 5])
}

# The limits of svyciprop's logit (its svyglm by hand, which stops at a deviance stable to 1e-8: the
# standard error of a logit is that of the proportion over p(1 - p)) and beta.
standardised_share <- function(d, method) {
  made <- standardise(d, ~1)
  m <- linearised(made, d, ~event, ~band, parts)
  p <- as.numeric(coef(m))
  df <- degf(d)
  if (method == "logit") {
    logits <- if (replicated(d)) {
      withReplicates(made, function(w, data) qlogis(sum(w * data$event) / sum(w)))
    } else svycontrast(m, quote(log(event / (1 - event))))
    ci <- plogis(limits(as.numeric(coef(logits)), as.numeric(SE(logits)), df))
  } else {
    size <- p * (1 - p) / as.numeric(vcov(m))
    size <- suppressWarnings(size * (qt(0.025, nrow(d) - 1) / qt(0.025, df))^2)
    ci <- c(qbeta(0.025, size * p, size * (1 - p) + 1), qbeta(0.975, size * p + 1, size * (1 - p)))
  }
  list(estimate = p, std_error = as.numeric(SE(m)), conf_low = ci[1], conf_high = ci[2], df = df)
}

quantiles <- function(d, rule) {
  q <- suppressWarnings(suppressMessages(
    svyquantile(~y, d, c(0.1, 0.5, 0.9), qrule = rule, interval.type = "quantile")))$y
  list(estimate = q[, 1], conf_low = q[, 2], conf_high = q[, 3], std_error = q[, 4], df = degf(d))
}

# The presentation standards of the NCHS: nobody's package of R here has them. Limits by the F
# distribution, as the standards' own program writes them.
by_f <- function(p, size) {
  x <- p * size
  c(if (p == 0) 0 else 1 / (1 + (size - x + 1) / (x * qf(0.025, 2 * x, 2 * (size - x + 1)))),
    if (p == 1) 1 else 1 / (1 + (size - x) / ((x + 1) * qf(0.975, 2 * (x + 1), 2 * (size - x)))))
}

verdict <- function(p, n, size, df) {
  adjusted <- if (p %in% c(0, 1)) n else if (df < 1) 0 else {
    min(n, size * (qt(0.975, n - 1) / qt(0.975, df))^2)
  }
  ci <- if (adjusted == 0) c(0, 1) else by_f(p, adjusted)
  width <- diff(ci)
  out <- min(n, size) < 30 || width >= 0.3 || (width > 0.05 && p > 0 && width / p > 1.3)
  doubt <- p %in% c(0, 1) || df < 8
  list(p = p, low = ci[1], high = ci[2], size = min(n, size), df = df,
       word = if (out) "suppress" else if (doubt) "review" else "present",
       complement = !out && width > 0.05 && p < 1 && width / (1 - p) > 1.3)
}

together <- function(verdicts) {
  get <- function(name) sapply(verdicts, `[[`, name)
  list(estimate = get("p"), conf_low = get("low"), conf_high = get("high"),
       n_effective = get("size"), df = get("df"), presentation = get("word"),
       complement = as.numeric(get("complement")))
}

presented <- function(d, x) {
  d <- counted(d)
  groups <- sort(unique(d$variables$group[weights(d, "sampling") > 0]))
  together(lapply(c("all", groups), function(g) {
    part <- if (g == "all") d else eval(bquote(subset(d, group == .(g))))
    values <- model.frame(x, model.frame(part))[[1]][weights(part, "sampling") > 0]
    n <- length(values)
    m <- svymean(x, part)
    p <- as.numeric(coef(m))
    if (all(values == 0) || all(values == 1)) p <- as.numeric(values[1])
    verdict(p, n, if (p %in% c(0, 1)) n else p * (1 - p) / as.numeric(vcov(m)), degf(part))
  }))
}

presented_standardised <- function(d) {
  made <- standardise(d, ~1)
  m <- linearised(made, d, ~event, ~band, parts)
  w <- weights(d, "sampling")
  data <- model.frame(d)[w > 0, ]
  w <- w[w > 0]
  n <- table(data$band)
  p <- tapply(w * data$event, data$band, sum) / tapply(w, data$band, sum)
  simple <- sum(parts^2 * p * (1 - p) / n)
  together(list(verdict(as.numeric(coef(m)), sum(n), sum(n) * simple / as.numeric(vcov(m)),
                        degf(d))))
}

estimators <- list(
  geometric_mean = geometric,
  deff_mean = function(d) effect(svymean(~y, counted(d), deff = TRUE), d),
  deff_mean_replace = function(d) effect(svymean(~y, counted(d), deff = "replace"), d),
  deff_total = function(d) effect(svytotal(~y, counted(d), deff = TRUE), d),
  deff_total_replace = function(d) effect(svytotal(~y, counted(d), deff = "replace"), d),
  deff_proportion = function(d) effect(svymean(~event, counted(d), deff = TRUE), d),
  deff_ratio = function(d) ratio_effect(d, TRUE),
  deff_ratio_replace = function(d) ratio_effect(d, "replace"),
  deff_by_group = function(d) effects_by_group(d, TRUE),
  standardised = function(d) standardised(d, ~y),
  standardised_missing = function(d) standardised(d, ~incomplete, missing = ~incomplete),
  standardised_twice = function(d) {
    standardised(d, ~y, over = ~1, by = ~band + sign,
                 population = as.vector(outer(parts, c(0.4, 0.6))))
  },
  standardised_logit = function(d) standardised_share(d, "logit"),
  standardised_beta = function(d) standardised_share(d, "beta"),
  presentation = function(d) presented(d, ~event),
  presentation_common = function(d) presented(d, ~I(as.numeric(y > 14))),
  presentation_rare = function(d) presented(d, ~I(as.numeric(y > 38))),
  presentation_standardised = presented_standardised
)
# What the same of a replicate design, or another question there, would add nothing to.
taylor_only <- c("deff_mean_replace", "deff_total_replace", "presentation_common",
                 "presentation_rare")
by_replication <- list(
  quantile_math = function(d) quantiles(d, "math"),
  quantile_school = function(d) quantiles(d, "school")
)

read <- function(file) {
  data <- read.csv(file.path(designs, paste0(file, ".csv")))
  data$sign <- ifelse(data$x > 0, "above", "below")
  data
}

source(file.path(here, "made_and_given.R"))

answers <- list()
ask <- function(design, label) {
  asked <- if (replicated(design)) {
    c(estimators[!names(estimators) %in% taylor_only], by_replication)
  } else estimators
  for (name in names(asked)) {
    answers[[length(answers) + 1]] <<- c(label, estimator = name, asked[[name]](design))
  }
}
for (case in fromJSON(file.path(designs, "cases.json"), simplifyVector = FALSE)) {
  data <- read(case$file)
  for (rule in case$rules) {
    options(survey.lonely.psu = rule)
    whole <- taylor(case, data)
    for (domain in case$domains) {
      ask(whole[data[[domain]] == 1, ], list(case = case$case, rule = rule, domain = domain))
    }
  }
}
for (case in fromJSON(file.path(designs, "replicates.json"), simplifyVector = FALSE)) {
  data <- read(case$file)
  options(survey.lonely.psu = case$rule)
  whole <- if (is.null(case$factors)) made(case, data) else given(case, data)
  for (domain in case$domains) {
    ask(whole[data[[domain]] == 1, ], list(case = case$case, domain = domain))
  }
}
versions <- list(R = R.version.string, survey = as.character(packageVersion("survey")))
write_json17(list(versions = versions, answers = answers), file.path(here, "descriptions.json"))
