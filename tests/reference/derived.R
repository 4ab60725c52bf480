# R's answers for what is derived from models: Rscript tests/reference/derived.R  (see README.md)
suppressMessages({
  library(survey)
  library(jsonlite)
})
here <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE)))
source(file.path(here, "json17.R"))
tight <- glm.control(epsilon = 1e-14, maxit = 100)

# Begun again at its solution, as in designs.R.
fitted_model <- function(formula, design, family) {
  fit <- function(start = NULL) {
    suppressWarnings(svyglm(formula, design, family = family, control = tight, start = start))
  }
  fit(coef(fit()))
}

answer <- function(stat) {
  list(estimate = as.numeric(coef(stat)), covariance = as.numeric(vcov(stat)))
}

wald <- function(model) {
  test <- regTermTest(model, ~band, method = "Wald", df = degf(model$survey.design))
  d <- degf(model$survey.design)
  q <- test$df
  adjusted <- (d - q + 1) / (d * q) * (as.numeric(test$Ftest) * q)
  list(q = q, df = d, f = as.numeric(test$Ftest), p = as.numeric(test$p), f_adjusted = adjusted,
       p_adjusted = pf(adjusted, q, d - q + 1, lower.tail = FALSE))
}

contrasts_of <- function(model) {
  answer(svycontrast(model, list(
    "mid - top" = c(bandmid = 1, bandtop = -1),
    "at x = 2" = c("(Intercept)" = 1, x = 2))))
}

# survey's own, for a factor that enters additively.
predmeans <- function(outcome, design, family) {
  adjust <- fitted_model(reformulate("x", outcome), design, family)
  adjust$call$start <- NULL  # it would be too short for the model with the factor
  adjust$call$formula <- reformulate("x", outcome)
  adjust$call$family <- family
  adjust$call$control <- tight
  margin <- suppressWarnings(svypredmeans(adjust, ~factor(band),
                                          predictat = factor(c("low", "mid", "top"))))
  difference <- svycontrast(margin, list("mid" = c(low = -1, mid = 1), "top" = c(low = -1, top = 1)))
  ratio <- svycontrast(margin, list(mid = quote(log(mid / low)), top = quote(log(top / low))))
  list(margins = answer(margin),
       fixed = as.numeric(attr(vcov(margin), "parts")[[1]]),
       differences = answer(difference), log_ratios = answer(ratio))
}

# The same sums for a model with a product, and with the covariance between the parts: from the
# influence functions of the coefficients.
by_influence <- function(formula, design, family, setting) {
  model <- fitted_model(formula, design, family)
  d <- model$survey.design
  w <- weights(d, "sampling")
  frame <- d$variables
  values <- sapply(setting, function(change) {
    x <- model.matrix(delete.response(terms(model)), change(frame), xlev = model$xlevels)
    model$family$linkinv(as.numeric(x %*% coef(model)))
  })
  jacobian <- t(sapply(setting, function(change) {
    x <- model.matrix(delete.response(terms(model)), change(frame), xlev = model$xlevels)
    colSums(w * model$family$mu.eta(as.numeric(x %*% coef(model))) * x) / sum(w)
  }))
  combine(model, d, w, values, jacobian)
}

combine <- function(model, d, w, values, jacobian) {
  estimate <- colSums(w * values) / sum(w)
  # As survey:::svy.varcoef has it: rows of a total, weight included.
  beta <- (model.matrix(model) * resid(model, "working") * model$weights) %*% model$naive.cov
  joint <- sweep(values, 2, estimate) * w / sum(w) + beta %*% t(jacobian)
  joint[w == 0, ] <- 0
  plain <- joint
  plain[w > 0, ] <- joint[w > 0, ] / w[w > 0]  # svytotal multiplies by the weight
  list(estimate = as.numeric(estimate),
       fixed = as.numeric(jacobian %*% vcov(model) %*% t(jacobian)),
       sampled = as.numeric(jacobian %*% vcov(model) %*% t(jacobian) + vcov(svymean(values, d))),
       joint = as.numeric(vcov(svytotal(plain, d))))
}

# Average derivative by x of a model with x and its square, its product with the indicator late.
effects <- function(outcome, design, family) {
  model <- fitted_model(reformulate(c("x", "I(x^2)", "late", "x:late"), outcome), design, family)
  d <- model$survey.design
  w <- weights(d, "sampling")
  x <- model.matrix(model)
  eta <- as.numeric(x %*% coef(model))
  mu <- model$family$linkinv(eta)
  first <- if (family$family == "gaussian") rep(1, length(mu)) else mu * (1 - mu)
  second <- if (family$family == "gaussian") rep(0, length(mu)) else first * (1 - 2 * mu)
  slopes <- cbind(0, 1, 2 * x[, "x"], 0, x[, "late"])
  along <- as.numeric(slopes %*% coef(model))
  jacobian <- colSums(w * (second * along * x + first * slopes)) / sum(w)
  combine(model, d, w, cbind(first * along), t(jacobian))
}

slopes <- function(outcome, design, family) {
  model <- fitted_model(reformulate(c("x", "z", "x:z"), outcome), design, family)
  at <- c(-5, 0, 7.5, 20)
  table <- svycontrast(model, lapply(at, function(v) c(x = 1, "x:z" = v)))
  critical <- qt(0.975, degf(model$survey.design))
  beyond <- function(v) {
    slope <- svycontrast(model, c(x = 1, "x:z" = v))
    as.numeric(abs(coef(slope) / SE(slope)) - critical)
  }
  # Signs on a grid from -1e4 to 1e4, denser towards 0; then to the last digits.
  grid <- sinh(seq(-asinh(1e4), asinh(1e4), length.out = 2001))
  sign_at <- vapply(grid, beyond, 0)
  turns <- which(diff(sign(sign_at)) != 0)
  bounds <- vapply(turns, function(i) uniroot(beyond, grid[i + 0:1], tol = 1e-13)$root, 0)
  c(answer(table), list(bounds = as.list(bounds), beyond_at_low_end = sign_at[1] > 0))
}

both_scales <- function(design) {
  model <- fitted_model(event ~ high * late + z, design, quasibinomial())
  found <- svycontrast(model, list(
    "ratio of odds ratios" = quote(`high:late`),
    "RERI" = quote(exp(high + late + `high:late`) - exp(high) - exp(late) + 1),
    "attributable proportion" = quote(
      (exp(high + late + `high:late`) - exp(high) - exp(late) + 1) / exp(high + late + `high:late`)),
    "synergy index" = quote(
      log((exp(high + late + `high:late`) - 1) / (exp(high) + exp(late) - 2)))))
  odds <- svycontrast(model, list("A" = c(high = 1), "B" = c(late = 1),
                                  "A and B" = c(high = 1, late = 1, "high:late" = 1)))
  c(suppressWarnings(answer(found)), list(log_odds_ratios = answer(odds)))
}

set_to <- function(...) {
  given <- list(...)
  function(frame) {
    frame[names(given)] <- given
    frame
  }
}
bands <- lapply(c("low", "mid", "top"), function(b) set_to(band = b))
pairs <- list(set_to(high = 0, late = 0), set_to(high = 0, late = 1), set_to(high = 1, late = 0),
              set_to(high = 1, late = 1))
logit <- quasibinomial()

estimators <- list(
  wald_gaussian = function(d) wald(fitted_model(y ~ x + band, d, gaussian())),
  wald_binomial = function(d) wald(fitted_model(event ~ x + band, d, logit)),
  contrasts_gaussian = function(d) contrasts_of(fitted_model(y ~ x + band, d, gaussian())),
  contrasts_binomial = function(d) contrasts_of(fitted_model(event ~ x + band, d, logit)),
  predmeans_gaussian = function(d) predmeans("y", d, gaussian()),
  predmeans_binomial = function(d) predmeans("event", d, logit),
  margins_gaussian = function(d) by_influence(y ~ x * band, d, gaussian(), bands),
  margins_binomial = function(d) by_influence(event ~ x * band, d, logit, bands),
  margins_missing = function(d) by_influence(event ~ incomplete + band, d, logit, bands),
  margins_pairs = function(d) by_influence(event ~ high * late + z, d, logit, pairs),
  effects_gaussian = function(d) effects("y", d, gaussian()),
  effects_binomial = function(d) effects("event", d, logit),
  slopes_gaussian = function(d) slopes("y", d, gaussian()),
  slopes_binomial = function(d) slopes("event", d, logit),
  interaction = both_scales
)

answers <- list()
for (case in fromJSON(file.path(here, "designs", "cases.json"), simplifyVector = FALSE)) {
  data <- read.csv(file.path(here, "designs", paste0(case$file, ".csv")))
  data$high <- as.numeric(data$x > 0)
  data$late <- as.numeric(data$z > 8)
  ids <- if (is.null(case$psu)) ~1 else as.formula(paste0("~", case$psu))
  strata <- if (is.null(case$strata)) NULL else as.formula(paste0("~", case$strata))
  # Designs and rules as such are designs.R's concern. Here: one rule of each kind (a sum of scores,
  # and a multiple of it), and PSUs in strata or neither.
  if (case$case %in% c("no_psu", "no_strata")) next
  for (rule in intersect(unlist(case$rules), c("fail", "average"))) {
    options(survey.lonely.psu = rule)
    whole <- svydesign(ids, strata = strata, weights = ~weight, data = data, nest = TRUE)
    for (domain in case$domains) {
      design <- whole[data[[domain]] == 1, ]
      for (name in names(estimators)) {
        message(case$case, " ", rule, " ", domain, " ", name)
        answers[[length(answers) + 1]] <- c(
          list(case = case$case, rule = rule, domain = domain, estimator = name),
          estimators[[name]](design))
      }
    }
  }
}
versions <- list(R = R.version.string, survey = as.character(packageVersion("survey")))
write_json17(list(versions = versions, answers = answers), file.path(here, "derived.json"))
