# R's answers for the diagnostics of models: Rscript tests/reference/diagnostics.R  (see README.md)
suppressMessages({
  library(survey)
  library(jsonlite)
})
here <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE)))
designs <- file.path(here, "designs")
source(file.path(here, "json17.R"))
source(file.path(here, "made_and_given.R"))
tight <- glm.control(epsilon = 1e-14, maxit = 100)

models <- list(
  gaussian = list(y ~ x + band + z, gaussian()),
  gaussian_missing = list(y ~ incomplete + band, gaussian()),
  binomial = list(event ~ x + band + z, quasibinomial()),
  binomial_missing = list(event ~ incomplete + band, quasibinomial()),
  cloglog = list(event ~ x + band, quasibinomial("cloglog")),
  rate = list(count ~ x + band + offset(log(years)), quasipoisson()),
  gamma = list(cost ~ x + band + z, Gamma("log"))
)

# glm() stops when the deviance is stable, which leaves the coefficients half the digits where the
# link is not canonical: its steps are taken on until they move nothing.
solution <- function(model) {
  x <- model.matrix(model)
  used <- model$prior.weights > 0
  offset <- if (is.null(model$offset)) numeric(nrow(x)) else as.numeric(model$offset)
  b <- coef(model)
  for (step in 1:300) {
    eta <- as.numeric(x %*% b) + offset
    slope <- model$family$mu.eta(eta)
    mu <- model$family$linkinv(eta)
    w <- (model$prior.weights * slope^2 / model$family$variance(mu))[used]
    z <- (eta - offset + (model$y - mu) / slope)[used]
    moved <- lm.wfit(x[used, ], z, w)$coefficients - b
    b <- b + moved
    if (anyNA(moved) || max(abs(moved)) < 1e-15 * max(abs(b))) break
  }
  b
}

fitted_model <- function(formula, design, family) {
  fit <- function(start = NULL) {
    suppressWarnings(svyglm(formula, design, family = family, control = tight, start = start))
  }
  fit(solution(fit()))
}

# Group 1 + floor(g * share of the weights strictly below); shares as near as rounding to a cut lie
# on it. Rows of weight 0 may stand anywhere.
risk_groups <- function(p, w, g) {
  p <- signif(p, 11)
  at <- sort(unique(p[w > 0]))
  sums <- as.numeric(tapply(w[w > 0], factor(p[w > 0], at), sum))
  below <- c(0, cumsum(sums)[-length(sums)]) / sum(sums)
  group <- floor(g * below + 1e-10)
  ifelse(w > 0, group[match(p, at)], group[1])
}

goodness <- function(model, groups) {
  d <- model$survey.design
  p <- as.numeric(fitted(model))
  # Names that the samples do not have: update() looks among their columns first.
  d$variables$mean_residual <- as.numeric(model$y) - p
  d$variables$risk_group <- factor(risk_groups(p, weights(d, "sampling"), groups))
  f <- degf(d)
  g <- nlevels(d$variables$risk_group)
  if (g > f) return(list(groups = g, df = f))
  means <- svyglm(mean_residual ~ 0 + risk_group, d)
  m <- coef(means)
  wald <- tryCatch(as.numeric(m %*% solve(vcov(means), m)), error = function(e) NA)
  statistic <- (f - g + 2) / (f * g) * wald
  list(groups = g, df = f, residual = as.numeric(m), std_error = as.numeric(SE(means)),
       statistic = statistic, p = pf(statistic, g - 1, f - g + 2, lower.tail = FALSE))
}

pseudo <- function(model) {
  found <- list(deviance = 1 - model$deviance / model$null.deviance)
  if (model$family$family %in% c("quasibinomial", "quasipoisson")) {
    found$cox_snell <- psrsq(model, "Cox-Snell")
    found$nagelkerke <- suppressWarnings(psrsq(model, "Nagelkerke"))
  }
  if (model$family$family == "quasipoisson") {
    w <- model$prior.weights
    null <- model$y * 0 + fitted(suppressWarnings(
      glm(model$y ~ 1, quasipoisson(), weights = w, offset = model$offset, control = tight)))
    found$mcfadden <- 1 - sum(w * dpois(model$y, fitted(model), log = TRUE)) /
      sum(w * dpois(model$y, null, log = TRUE))
  }
  found
}

# Liao and Valliant's, a column at a time by lm(); the variances are those of totals.
inflation <- function(model) {
  d <- model$survey.design
  x <- model.matrix(model)
  w <- as.numeric(model$weights)
  score <- as.numeric(resid(model, "working")) * w
  per_weight <- ifelse(weights(d, "sampling") > 0, score / weights(d, "sampling"), 0)
  variance <- function(column) as.numeric(vcov(svytotal(per_weight * column, d)))
  one <- function(j) {
    others <- x[, -j, drop = FALSE]
    e <- lm.wfit(others, x[, j], w)$residuals
    centred <- x[, j] - weighted.mean(x[, j], w)
    left <- sum(w * e^2)
    spread <- sum(w * centred^2)
    c(1 - left / spread, spread / left,
      variance(e) / left^2 / (variance(centred) / spread^2))
  }
  table <- sapply(seq_len(ncol(x))[-1], one)
  list(r_squared = table[1, ], vif = table[2, ], design_vif = table[3, ])
}

# Of the two columns of `band`: Fox and Monette's, by three determinants.
generalised <- function(model) {
  fox <- function(r, at) det(r[at, at]) * det(as.matrix(r[-at, -at])) / det(r)
  x <- model.matrix(model)[, -1]
  w <- as.numeric(model$weights)
  at <- grep("^band", colnames(x))
  r <- cov.wt(x, w / sum(w), cor = TRUE)$cor
  v <- cov2cor(vcov(model)[-1, -1])
  list(gvif = fox(r, at), covariance_gvif = fox(v, at))
}

condition <- function(model) {
  x <- model.matrix(model) * sqrt(as.numeric(model$weights))
  x <- sweep(x, 2, sqrt(colSums(x^2)), "/")
  parts <- svd(x)
  list(indices = parts$d[1] / parts$d,
       shares = as.numeric(prop.table((parts$v %*% diag(1 / parts$d))^2, 1)))
}

rows_of <- function(model) {
  prior <- as.numeric(model$prior.weights)
  some <- which(prior > 0)[1:20]
  hat <- hatvalues(model)  # without the rows of weight 0
  list(pearson = as.numeric(resid(model, "pearson"))[some],
       deviance = (as.numeric(resid(model, "deviance")) / sqrt(prior))[some],
       leverage = as.numeric(hat)[if (length(hat) < length(prior)) 1:20 else some])
}

# Without each PSU: fitted anew, and the weighted regression of the last step without its rows.
without <- function(model, formula, family, strata, unit, sizes, reweight) {
  d <- model$survey.design
  w <- weights(d, "sampling")
  unit <- unit[as.numeric(rownames(d$variables))]
  stratum <- strata[as.numeric(rownames(d$variables))]
  x <- model.matrix(model)
  working <- as.numeric(model$weights)
  response <- as.numeric(model$linear.predictors + resid(model, "working"))
  if (!is.null(model$offset)) response <- response - as.numeric(model$offset)
  one <- function(name) {
    factor <- as.numeric(unit != name)
    if (reweight) {
      h <- stratum[match(name, unit)]
      n <- sizes[[as.character(h)]]
      if (n > 1) factor[stratum == h] <- factor[stratum == h] * n / (n - 1)
    }
    step <- lm.wfit(x, response, working * factor)$coefficients
    moved <- as.numeric(step - coef(model))
    if (reweight) return(list(unit = name, one_step = moved))
    data <- d$variables
    data$left <- w * factor / mean(w * factor)
    fit <- function(start) {
      suppressWarnings(glm(formula, family, data, weights = left, start = start, control = tight))
    }
    anew <- tryCatch(solution(fit(coef(model))), error = function(e) NA * coef(model))
    list(unit = name, one_step = moved, refit = as.numeric(anew - coef(model)))
  }
  lapply(as.character(unique(unit[w > 0])), one)
}

diagnosis <- function(model) {
  used <- model$survey.design
  list(names = names(coef(model)), df = degf(used),
       goodness = lapply(c(4, 10), goodness, model = model), pseudo = pseudo(model),
       inflation = inflation(model), generalised = generalised(model),
       condition = condition(model))
}

answers <- list()
add <- function(case, rule, domain, whole, data, with_units) {
  design <- whole[data[[domain]] == 1, ]
  for (name in names(models)) {
    formula <- models[[name]][[1]]
    family <- models[[name]][[2]]
    d <- if (grepl("missing", name)) subset(design, !is.na(incomplete)) else design
    model <- fitted_model(formula, d, family)
    found <- diagnosis(model)
    usual <- name %in% c("gaussian", "binomial") && domain != "patchy"
    if (with_units && (usual || (domain == "everyone" && !grepl("missing", name)))) {
      strata <- if (is.null(case$strata)) rep(1, nrow(data)) else data[[case$strata]]
      unit <- if (is.null(case$psu)) NULL else paste(strata, data[[case$psu]])
      found$rows <- rows_of(model)
      if (is.null(unit)) {
        # R's own deletion of a row; it subtracts the other way, and takes deviance residuals where
        # the model is not linear.
        if (name == "gaussian") found$dfbeta <- as.numeric(t(dfbeta(model)[1:20, ]))
      } else {
        sizes <- as.list(tapply(unit, strata, function(u) length(unique(u))))
        found$without <- without(model, formula, family, strata, unit, sizes, FALSE)
        found$reweighted <- without(model, formula, family, strata, unit, sizes, TRUE)
      }
    }
    answers[[length(answers) + 1]] <<- c(
      list(case = case$case, rule = rule, domain = domain, model = name), found)
  }
}

for (case in fromJSON(file.path(designs, "cases.json"), simplifyVector = FALSE)) {
  data <- read.csv(file.path(designs, paste0(case$file, ".csv")))
  for (rule in case$rules) {
    options(survey.lonely.psu = rule)
    whole <- taylor(case, data)
    for (domain in case$domains) {
      add(case, rule, domain, whole, data, rule == case$rules[[1]] && case$case != "weights_only")
    }
  }
}
chosen <- c("fpc_population", "jkn", "jkn_hard", "fay", "given_jk1", "given_bootstrap")
for (case in fromJSON(file.path(designs, "replicates.json"), simplifyVector = FALSE)) {
  if (!case$case %in% chosen) next
  data <- read.csv(file.path(designs, paste0(case$file, ".csv")))
  options(survey.lonely.psu = case$rule)
  whole <- if (is.null(case$factors)) made(case, data) else given(case, data)
  for (domain in c("everyone", "group_b")) add(case, case$rule, domain, whole, data, FALSE)
}
versions <- list(R = R.version.string, survey = as.character(packageVersion("survey")))
write_json17(list(versions = versions, answers = answers), file.path(here, "diagnostics.json"))
