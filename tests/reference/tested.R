# R's answers for chi-square, t, rank and likelihood ratio tests on the made-up samples:
# Rscript tests/reference/tested.R  (see README.md)
suppressMessages({
  library(survey)
  library(jsonlite)
})
here <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE)))
source(file.path(here, "json17.R"))
designs <- file.path(here, "designs")
tight <- glm.control(epsilon = 1e-14, maxit = 100)
logit <- quasibinomial()

# ---- quadratic forms ------------------------------------------------------------------------

# Kuonen's equation solved to the last digits, for any (not only whole) degrees of freedom: R's own
# stops 1e-8 from the saddlepoint.
kuonen <- function(x, a, d = Inf) {
  counts <- rep(1, length(a))
  if (is.finite(d)) {
    a <- c(a, -x / d)
    counts <- c(counts, d)
    x <- 0
  }
  x <- x / max(a)
  a <- a / max(a)
  slope <- function(z) sum(counts * a / (1 - 2 * z * a)) - x
  low <- if (any(a < 0)) 1 / (2 * min(a)) * (1 - 1e-12) else -sum(counts) / (2 * x)
  z <- uniroot(slope, c(low, 0.5 * (1 - 1e-12)), tol = 1e-16, maxiter = 10000)$root
  y <- 2 * z * a
  w <- sign(z) * sqrt(sum(counts * (y / (1 - y) + log1p(-y))))
  v <- z * sqrt(2 * sum(counts * (a / (1 - y))^2))
  pnorm(w + log(v / w) / w, lower.tail = FALSE)
}

# Imhof's integral, for two weights or more.
imhof <- function(x, a, d = Inf) {
  counts <- rep(1, length(a))
  if (is.finite(d)) {
    a <- c(a, -x / d)
    counts <- c(counts, d)
    x <- 0
  }
  of <- Vectorize(function(u) {
    sin(sum(counts * atan(a * u)) / 2 - x * u / 2) / (u * exp(sum(counts * log1p((a * u)^2)) / 4))
  })
  ends <- c(0, 10^seq(-2, 7, by = 0.25))
  parts <- sapply(seq_along(ends)[-1], function(i) {
    integrate(of, ends[i - 1], ends[i], subdivisions = 10000, rel.tol = 1e-11,
              stop.on.error = FALSE)$value
  })
  0.5 + sum(parts) / pi
}

forms <- list(c(1, 1, 1, 1), c(0.6, 0.3, 0.1, 0.05, 0.04), c(3.2, 1.4, 1.1, 0.9, 0.7, 0.2),
              c(50, 2, 1, 0.01))
tails <- list()
for (a in forms) for (part in c(0.2, 0.9, 1.1, 3, 8)) for (d in c(5, 14, 61, Inf)) {
  x <- part * sum(a)
  ones <- rep(1, length(a))
  # Without a denominator pFsum() does not hand its method on.
  by <- function(method) {
    if (is.finite(d)) pFsum(x, ones, a, ddf = d, lower.tail = FALSE, method = method)
    else pchisqsum(x, ones, a, lower.tail = FALSE, method = method)
  }
  tails[[length(tails) + 1]] <- list(
    weights = a, q = x, df = if (is.finite(d)) d else NULL,
    satterthwaite = by("satterthwaite"), saddlepoint = by("saddlepoint"),
    kuonen = kuonen(x, a, d),
    imhof = if (is.finite(d) && part < 3) imhof(x, a, d) else NULL)
}

# ---- tests ----------------------------------------------------------------------------------

quietly <- function(what) suppressWarnings(what)

# R counts the PSUs of rows of weight 0 in the degrees of freedom of a table in a linearised
# design; p values are made from its statistic with degf(), which does not. A weight of 0 counts
# as a row in its Pearson's chi-square, too, which is given as a multiple of the number of rows.
table_test <- function(formula, d) {
  nu <- degf(d)
  rows <- nrow(d$variables)
  f <- quietly(svychisq(formula, d, statistic = "F"))
  first <- quietly(svychisq(formula, d, statistic = "Chisq"))
  point <- quietly(svychisq(formula, d, statistic = "saddlepoint"))
  d0 <- as.numeric(f$parameter[1])
  wald <- tryCatch(quietly(svychisq(formula, d, statistic = "Wald")), error = function(e) NULL)
  q <- as.numeric(first$parameter)
  w <- if (is.null(wald)) NA else as.numeric(wald$statistic)
  list(f = as.numeric(f$statistic), d0 = d0, nu = nu,
       p = quietly(pf(as.numeric(f$statistic), d0, d0 * nu, lower.tail = FALSE)),
       own_df = as.numeric(f$parameter[2]),
       pearson = as.numeric(first$statistic) / rows, q = q, p_first = as.numeric(first$p.value),
       p_saddlepoint = as.numeric(point$p.value), wald = w,
       p_wald = quietly(pf(w, q, nu, lower.tail = FALSE)),
       adjusted = if (nu >= q) w * (nu - q + 1) / nu else NA,
       p_adjusted = if (nu >= q) pf(w * (nu - q + 1) / nu, q, nu - q + 1, lower.tail = FALSE) else NA)
}

fit_test <- function(d) {
  g <- quietly(svygofchisq(~factor(grade), d, p = c(0.15, 0.4, 0.25, 0.2)))
  whole <- sum(weights(d, "sampling"))
  list(pearson = as.numeric(g$statistic) / whole, p = as.numeric(g$p.value),
       effects = as.numeric(g$lambda)[1:3] / whole,  # the fourth is 0
       df = as.numeric(g$parameter[["df"]]), nu = degf(d))
}

t_of <- function(t) {
  list(t = as.numeric(t$statistic), df = as.numeric(t$parameter), p = as.numeric(t$p.value),
       estimate = as.numeric(t$estimate), low = as.numeric(t$conf.int)[1])
}

two_sample <- function(formula, d) {
  m <- svyglm(formula, d)  # confint() of svyttest goes through the normal distribution
  t <- t_of(quietly(svyttest(formula, d)))
  t$low <- as.numeric(coef(m)[2] + quietly(qt(0.025, t$df)) * SE(m)[2])
  t
}

# R's ranks of tied rows depend on their order. Where nothing is tied (untied) its own answer is
# given; `made` is written out with ranks in the middle of the ties. So is the test of several
# groups in a replicate design, for which survey 4.1.1 has no variance.
scores <- list(wilcoxon = identity, vanderWaerden = qnorm, median = function(r) as.numeric(r > 0.5))

made_rank <- function(y, g, d, test) {
  y <- d$variables[[y]]
  g <- factor(d$variables[[g]])
  w <- weights(d, "sampling")
  sizes <- tapply(w, factor(y), sum)
  middle <- (cumsum(sizes) - sizes / 2) / sum(w)
  score <- scores[[test]](as.numeric(middle[as.character(factor(y))]))
  score[w == 0] <- 0
  x <- model.matrix(~g)
  m <- lm(score ~ g, weights = w)
  influence <- (x * as.numeric(score - x %*% coef(m))) %*% solve(crossprod(x * sqrt(w)))
  v <- vcov(svytotal(influence, d))
  b <- coef(m)[-1]
  q <- length(b)
  f <- as.numeric(b %*% solve(v[-1, -1], b)) / q
  nu <- degf(d)
  list(estimate = as.numeric(b), f = f, q = q, nu = nu,
       p = quietly(pf(f, q, nu - q, lower.tail = FALSE)),
       p_design = quietly(pf(f, q, nu, lower.tail = FALSE)))
}

own_rank <- function(y, g, d, test) {
  if (y != "untied") return(NULL)
  # The normal quantile of the last rank is infinite if rows of weight 0 follow it.
  if (test == "vanderWaerden" && any(d$variables$weight == 0)) {
    if (getOption("survey.lonely.psu") == "average") return(NULL)  # counts their strata
    d <- subset(d, weight > 0)
  }
  r <- tryCatch(quietly(svyranktest(reformulate(g, y), d, test)), error = function(e) NULL)
  if (is.null(r) || !is.finite(r$p.value)) return(NULL)
  if (g == "event") {
    list(statistic = as.numeric(r$statistic), df = as.numeric(r$parameter),
         p = as.numeric(r$p.value))
  } else {  # it has the chi-square and its degrees of freedom under each other's name
    list(statistic = as.numeric(r$parameter) / as.numeric(r$statistic), df = as.numeric(r$ddf),
         p = as.numeric(r$p.value))
  }
}

ranks <- function(y, g, d, test) {
  list(own = own_rank(y, g, d, test), made = made_rank(y, g, d, test))
}

# Begun again at its solution, as in designs.R. Weights: R's have mean 1 over all rows of the
# design, ours over those with a weight and no missing value; the ratio is given.
fitted_model <- function(formula, design, family) {
  fit <- function(start = NULL) {
    quietly(svyglm(formula, design, family = family, control = tight, start = start))
  }
  fit(coef(fit()))
}

ratio_test <- function(formula, smaller, terms, d, family) {
  d <- d[complete.cases(d$variables[all.vars(formula)]), ]
  m <- fitted_model(formula, d, family)
  m0 <- fitted_model(smaller, d, family)
  used <- sum(m$prior.weights > 0)
  # regTermTest would fit the smaller model anew, and begin at the coefficients of the larger: its
  # statistic is made of the two deviances, as it does.
  denominator <- if (m$df.residual > 0) m$df.residual else Inf
  working <- regTermTest(m, terms, method = "WorkingWald", df = denominator)
  chisq <- deviance(m0) - deviance(m)
  nu <- degf(d)
  p <- function(df) as.numeric(kuonen(chisq, working$lambda, df))
  scale <- used / sum(m$prior.weights)
  own <- pFsum(chisq, rep(1, length(working$lambda)), working$lambda, ddf = denominator,
               lower.tail = FALSE, method = "saddlepoint")
  list(statistic = chisq * scale, effects = as.numeric(working$lambda) * scale,
       working = as.numeric(working$chisq) * scale, nu = nu, df_residual = m$df.residual,
       p_design = if (nu > 0) p(nu) else NA,
       p_residual = if (m$df.residual > 0) p(m$df.residual) else NA, p_endless = p(Inf),
       own = if (m$df.residual > 0) as.numeric(own) else NA,
       own_working = if (m$df.residual > 0) as.numeric(working$p) else NA)
}
# regTermTest() stops at a svycoxph (subscript out of bounds), whose inv.info is a sandwich, too: the
# working model's covariance is that of coxph with the weights of the rows that have one.
ratio_cox <- function(d) {
  data <- subset(d$variables, weight > 0)
  data$scaled <- data$weight / mean(data$weight)
  plain <- function(formula) {
    environment(formula) <- environment()
    coxph(formula, data, weights = scaled, robust = FALSE,
          control = coxph.control(eps = 1e-14, iter.max = 100))
  }
  m <- plain(Surv(exit, status) ~ x + band)
  m0 <- plain(Surv(exit, status) ~ x)
  designed <- suppressWarnings(svycoxph(Surv(exit, status) ~ x + band, d, x = TRUE,
                                        control = coxph.control(eps = 1e-14, iter.max = 100)))
  at <- grep("^band", names(coef(m)))
  v0 <- m$var[at, at]
  lambda <- eigen(solve(v0, vcov(designed)[at, at]), only.values = TRUE)$values
  nu <- degf(d)
  chisq <- 2 * (m$loglik[2] - m0$loglik[2])
  list(statistic = chisq, effects = lambda,
       working = as.numeric(coef(m)[at] %*% solve(v0, coef(m)[at])), nu = nu,
       p_design = if (nu > 0) kuonen(chisq, lambda, nu) else NA)
}
without_missing <- function(d) subset(d, !is.na(incomplete))

estimators <- list(
  table_band_event = function(d) table_test(~band + event, d),
  table_band_grade = function(d) table_test(~band + grade, d),
  table_missing = function(d) table_test(~third + kind, subset(d, !is.na(third))),
  table_empty = function(d) table_test(~band + sparse, d),
  fit_grade = fit_test,
  t_event = function(d) two_sample(y ~ event, d),
  t_missing = function(d) two_sample(incomplete ~ event, without_missing(d)),
  t_one = function(d) t_of(quietly(svyttest(y ~ 0, d))),
  t_paired = function(d) t_of(quietly(svyttest(I(incomplete - x) ~ 0, without_missing(d)))),
  rank_wilcoxon_event = function(d) ranks("untied", "event", d, "wilcoxon"),
  rank_vanderWaerden_event = function(d) ranks("untied", "event", d, "vanderWaerden"),
  rank_median_event = function(d) ranks("untied", "event", d, "median"),
  rank_wilcoxon_band = function(d) ranks("untied", "band", d, "wilcoxon"),
  rank_median_band = function(d) ranks("untied", "band", d, "median"),
  rank_tied_event = function(d) ranks("exit", "event", d, "wilcoxon"),
  rank_tied_band = function(d) ranks("exit", "band", d, "vanderWaerden"),
  cox_band = ratio_cox,
  ratio_gaussian = function(d) ratio_test(y ~ x + band, y ~ x, ~band, d, gaussian()),
  ratio_binomial = function(d) ratio_test(event ~ x + band, event ~ x, ~band, d, logit),
  ratio_poisson = function(d) {
    ratio_test(count ~ x + band + offset(log(years)), count ~ x + offset(log(years)), ~band, d,
               quasipoisson())
  },
  ratio_missing = function(d) {
    ratio_test(event ~ incomplete + band, event ~ incomplete, ~band, d, logit)
  }
)

with_variables <- function(data) {
  data$third <- ifelse(data$incomplete > 0.3, "above", "below")  # missing where incomplete is
  data$sparse <- ifelse(data$band == "low", pmin(data$grade, 3), data$grade)  # no low of grade 4
  data$untied <- data$y + data$x / 1000 + data$z / 1e7
  stopifnot(!anyDuplicated(data$untied))
  data
}

answers <- list()
ask <- function(whole, data, domains, key) {
  for (domain in domains) {
    design <- whole[data[[domain]] == 1, ]
    for (name in names(estimators)) {
      if (name == "cox_band" && inherits(design, "svyrep.design")) next  # the test adds nothing
      message(paste(unlist(key), collapse = " "), " ", domain, " ", name)
      answers[[length(answers) + 1]] <<- c(key, list(domain = domain, estimator = name),
                                           estimators[[name]](design))
    }
  }
}

taylor <- function(case, data) {
  ids <- if (is.null(case$psu)) ~1 else as.formula(paste0("~", case$psu))
  strata <- if (is.null(case$strata)) NULL else as.formula(paste0("~", case$strata))
  fpc <- if (is.null(case$fpc)) NULL else as.formula(paste0("~", case$fpc))
  svydesign(ids, strata = strata, weights = ~weight, data = data, nest = TRUE, fpc = fpc)
}

for (case in fromJSON(file.path(designs, "cases.json"), simplifyVector = FALSE)) {
  data <- with_variables(read.csv(file.path(designs, paste0(case$file, ".csv"))))
  for (rule in case$rules) {
    options(survey.lonely.psu = rule)
    ask(taylor(case, data), data, case$domains, list(case = case$case, rule = rule))
  }
}

# Replication as such is replicates.R's concern: here one design of each kind.
chosen <- c("fpc_population", "jkn_mse", "jkn_hard", "fay", "given_scaled")
for (case in fromJSON(file.path(designs, "replicates.json"), simplifyVector = FALSE)) {
  if (!case$case %in% chosen) next
  data <- with_variables(read.csv(file.path(designs, paste0(case$file, ".csv"))))
  options(survey.lonely.psu = case$rule)
  if (is.null(case$factors)) {
    whole <- taylor(case, data)
    if (!is.null(case$make)) {
      signs <- as.matrix(read.csv(file.path(designs, "hadamard.csv"), header = FALSE))
      dimnames(signs) <- NULL
      rho <- if (is.null(case$rho)) 0 else case$rho
      whole <- if (case$make == "Fay") {
        as.svrepdesign(whole, type = "Fay", fay.rho = rho, hadamard.matrix = signs)
      } else as.svrepdesign(whole, type = case$make, mse = case$mse)
    }
  } else {
    factors <- read.csv(file.path(designs, paste0(case$factors, ".csv")))
    factors <- as.matrix(factors[match(data$unit, factors$unit), -1])
    if (case$combined) factors <- factors * data$weight
    rscales <- if (is.null(case$rscales)) NULL else unlist(case$rscales)
    whole <- suppressWarnings(svrepdesign(
      data = data, repweights = factors, weights = data$weight, type = case$method,
      combined.weights = case$combined, scale = case$scale, rscales = rscales, mse = case$mse))
  }
  ask(whole, data, c("everyone", "patchy"), list(case = case$case))
}

versions <- list(R = R.version.string, survey = as.character(packageVersion("survey")))
write_json17(list(versions = versions, tails = tails, answers = answers),
             file.path(here, "tested.json"))
