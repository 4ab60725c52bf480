# R's answers for families, links and offsets: Rscript tests/reference/families.R  (see README.md)
suppressMessages({
  library(survey)
  library(jsonlite)
})
here <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE)))
source(file.path(here, "json17.R"))
designs <- file.path(here, "designs")

models <- list(
  gaussian_log = list(cost ~ x + band, gaussian("log")),
  binomial_log = list(event ~ x + band, quasibinomial("log")),
  binomial_log_bands = list(event ~ high + band, quasibinomial("log")),
  binomial_identity = list(event ~ high + band, quasibinomial("identity")),
  binomial_probit = list(event ~ x + band, quasibinomial("probit")),
  binomial_cloglog = list(event ~ x + band, quasibinomial("cloglog")),
  poisson_log = list(count ~ x + band, quasipoisson("log")),
  poisson_log_rates = list(count ~ x + band + offset(log(years)), quasipoisson("log")),
  poisson_log_missing = list(count ~ incomplete + band + offset(log(years)), quasipoisson("log")),
  poisson_log_risks = list(event ~ x + band, quasipoisson("log")),
  poisson_identity = list(count ~ high + band, quasipoisson("identity")),
  gamma_inverse = list(cost ~ high + band, Gamma("inverse")),
  gamma_log = list(cost ~ x + band, Gamma("log")),
  gamma_identity = list(cost ~ high + band, Gamma("identity"))
)

# The weighted score equations of glm(), solved by Newton's method with a numerical Jacobian: glm's
# own scoring stops when the deviance is stable, which leaves coefficients half the digits where the
# link is not canonical, and may swing around the solution for ever.
solved <- function(formula, family, data, w, start = NULL) {
  data <- data[w > 0, ]
  w <- w[w > 0] / mean(w[w > 0])
  frame <- model.frame(formula, data)
  x <- model.matrix(formula, frame)
  y <- model.response(frame)
  offset <- model.offset(frame)
  offset <- if (is.null(offset)) numeric(length(y)) else offset
  eta <- function(b) as.numeric(x %*% b) + offset
  valid <- function(b) {
    family$valideta(eta(b)) && family$validmu(family$linkinv(eta(b)))
  }
  score <- function(b) {
    mu <- family$linkinv(eta(b))
    colSums(x * (w * (y - mu) * family$mu.eta(eta(b)) / family$variance(mu)))
  }
  deviance <- function(b) {
    if (valid(b)) sum(family$dev.resids(y, family$linkinv(eta(b)), w)) else Inf
  }
  fisher <- function(b) {
    mu <- family$linkinv(eta(b))
    -crossprod(x, x * (w * family$mu.eta(eta(b))^2 / family$variance(mu)))
  }
  jacobian <- function(b) {
    sapply(seq_along(b), function(j) {
      h <- 1e-5 * max(1, abs(b[j])) * (seq_along(b) == j)
      (score(b + h) - score(b - h)) / (2 * max(h))
    })
  }
  b <- start
  if (is.null(b)) {
    level <- family$linkfun(weighted.mean(y, w)) - weighted.mean(offset, w)
    b <- c(level, rep(0, ncol(x) - 1))
  }
  for (iteration in 1:200) {
    bend <- tryCatch(jacobian(b), warning = function(e) NULL, error = function(e) NULL)
    # Where the likelihood does not bend down, Fisher's information leads uphill.
    if (is.null(bend) || anyNA(bend) || any(eigen(-(bend + t(bend)), TRUE)$values <= 0)) {
      bend <- fisher(b)
    }
    step <- tryCatch(-solve(bend, score(b), tol = 1e-20), error = function(e) NULL)
    if (is.null(step)) return(NULL)
    part <- 1
    while (part > 1e-12 && !isTRUE(deviance(b + part * step) <= deviance(b) * (1 + 1e-10))) {
      part <- part / 2
    }
    if (part <= 1e-12 || !valid(b + part * step)) return(NULL)
    b <- b + part * step
    if (part == 1 && max(abs(step)) <= 1e-14 * max(abs(b))) break
  }
  # At a solution every score vanishes; on the border of the range, or running away, none does.
  scale <- sqrt(diag(-fisher(b)))
  if (max(abs(score(b)) / scale) > 1e-9 || max(abs(b)) > 15) return(NULL)
  setNames(b, colnames(x))
}

# svyglm at the solution: one step from there, which keeps it, with the working weights of there.
linearised <- function(formula, family, design) {
  start <- solved(formula, family, design$variables[design$prob < Inf, ],
                  (1 / design$prob)[design$prob < Inf])
  if (is.null(start)) return(NULL)
  # R wants valid means of rows of weight 0 too, which have no part in the solution: they get the
  # covariates of a row that has.
  used <- which(design$prob < Inf)[1]
  covariates <- intersect(c("x", "high", "band", "incomplete", "years"), all.vars(formula))
  idle <- design$prob == Inf
  design$variables[idle, covariates] <- design$variables[rep(used, sum(idle)), covariates]
  suppressWarnings(
    svyglm(formula, design, family = family, start = start, control = glm.control(maxit = 1)))
}

replicated <- function(formula, family, design) {
  used <- weights(design, "sampling") > 0
  start <- solved(formula, family, design$variables[used, ], weights(design, "sampling")[used])
  if (is.null(start)) return(NULL)
  found <- tryCatch(
    withReplicates(design, function(w, data) {
      b <- solved(formula, family, data, w, start)
      if (is.null(b)) stop("no solution")
      b
    }),
    error = function(e) NULL)
  found
}

answer <- function(model, design, df) {
  if (is.null(model)) return(list(solution = FALSE))
  b <- coef(model)
  v <- as.matrix(vcov(model))
  bands <- grep("^band", names(b))
  f <- as.numeric(b[bands] %*% solve(v[bands, bands], b[bands])) / 2
  list(solution = TRUE, names = names(b), estimate = as.numeric(b), covariance = as.numeric(v),
       df = df, f = f, p = pf(f, 2, df, lower.tail = FALSE))
}

complete <- function(formula, design, data) {
  if ("incomplete" %in% all.vars(formula)) subset(design, !is.na(incomplete)) else design
}

read <- function(case) {
  data <- read.csv(file.path(designs, paste0(case$file, ".csv")))
  data$high <- as.numeric(data$x > 0)
  data
}

taylor <- function(case, data) {
  ids <- if (is.null(case$psu)) ~1 else as.formula(paste0("~", case$psu))
  strata <- if (is.null(case$strata)) NULL else as.formula(paste0("~", case$strata))
  fpc <- if (is.null(case$fpc)) NULL else as.formula(paste0("~", case$fpc))
  svydesign(ids, strata = strata, weights = ~weight, data = data, nest = TRUE, fpc = fpc)
}

answers <- list()
for (case in fromJSON(file.path(designs, "cases.json"), simplifyVector = FALSE)) {
  # Designs and rules as such are designs.R's concern. Here: PSUs in strata or neither, and a rule of
  # each kind.
  if (case$case %in% c("no_psu", "no_strata")) next
  data <- read(case)
  for (rule in intersect(unlist(case$rules), c("fail", "adjust", "average"))) {
    options(survey.lonely.psu = rule)
    whole <- taylor(case, data)
    for (domain in case$domains) for (name in names(models)) {
      formula <- models[[name]][[1]]
      design <- complete(formula, whole[data[[domain]] == 1, ])
      message(case$case, " ", rule, " ", domain, " ", name)
      model <- linearised(formula, models[[name]][[2]], design)
      answers[[length(answers) + 1]] <- c(
        list(case = case$case, rule = rule, domain = domain, estimator = name),
        answer(model, design, degf(design)))
    }
  }
}

chosen <- c("fpc_population", "jkn", "jkn_average", "brr", "fay")
for (case in fromJSON(file.path(designs, "replicates.json"), simplifyVector = FALSE)) {
  if (!(case$case %in% chosen)) next
  data <- read(case)
  options(survey.lonely.psu = case$rule)
  whole <- taylor(case, data)
  if (!is.null(case$make)) {
    signs <- as.matrix(read.csv(file.path(designs, "hadamard.csv"), header = FALSE))
    dimnames(signs) <- NULL
    more <- if (case$make %in% c("BRR", "Fay")) {
      list(fay.rho = if (is.null(case$rho)) 0 else case$rho, hadamard.matrix = signs)
    }
    whole <- do.call(as.svrepdesign, c(list(whole, type = case$make, mse = case$mse), more))
  }
  for (domain in case$domains) for (name in names(models)) {
    message(case$case, " ", domain, " ", name)
    formula <- models[[name]][[1]]
    design <- complete(formula, whole[data[[domain]] == 1, ])
    fit <- if (is.null(case$make)) linearised else replicated
    model <- fit(formula, models[[name]][[2]], design)
    answers[[length(answers) + 1]] <- c(
      list(case = case$case, domain = domain, estimator = name),
      answer(model, design, degf(design)))
  }
}
versions <- list(R = R.version.string, survey = as.character(packageVersion("survey")))
write_json17(list(versions = versions, answers = answers), file.path(here, "families.json"))
