# R's answers for multinomial and proportional-odds logits on the made-up samples:
# Rscript tests/reference/categories.R  (see README.md)
#
# survey has the proportional-odds logit only, found by BFGS to a few digits; it is asked as well.
# Both are written out here: first and second derivatives of the log likelihood by each category's
# linear predictors come from deriv3(), the rest is the chain rule; variances are svytotal()'s of
# the influence function, or svrVar()'s of fits under each set of replicate weights.
suppressMessages({
  library(survey)
  library(jsonlite)
})
here <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE)))
source(file.path(here, "json17.R"))
source(file.path(here, "made_and_given.R"))
designs <- file.path(here, "designs")

# --- Likelihoods: the log probability of each category as an expression in predictors e1, e2, ...

symbolic <- function(expressions, size) {
  predictors <- paste0("e", seq_len(size))
  lapply(expressions, function(text) {
    deriv3(parse(text = text)[[1]], predictors, function.arg = predictors)
  })
}

logits <- function(size) {  # category 0 is the reference
  sum <- paste0("log(1 + ", paste0("exp(e", seq_len(size), ")", collapse = " + "), ")")
  symbolic(paste0(c("0", paste0("e", seq_len(size))), " - ", sum), size)
}

cumulative <- function(size) {
  below <- paste0("1 / (1 + exp(-e", seq_len(size), "))")
  inner <- if (size > 1) paste0("log(", below[-1], " - ", below[-size], ")")
  symbolic(c(paste0("log(", below[1], ")"), inner, paste0("log(1 - ", below[size], ")")), size)
}

# The predictors are linear in the parameters: a list of matrices, rows by parameters.
multinomial_maps <- function(x, size) {
  lapply(seq_len(size), function(k) {
    map <- matrix(0, nrow(x), size * ncol(x))
    map[, (k - 1) * ncol(x) + seq_len(ncol(x))] <- x
    map
  })
}

ordinal_maps <- function(x, size) {
  lapply(seq_len(size), function(k) {
    cbind(-x, matrix(as.numeric(seq_len(size) == k), nrow(x), size, byrow = TRUE))
  })
}

# Scores of the rows, and minus the second derivatives of the weighted log likelihood.
derivatives <- function(theta, y, weights, maps, likelihood) {
  size <- length(maps)
  predictors <- lapply(maps, function(map) drop(map %*% theta))
  first <- matrix(0, length(y), size)
  second <- array(0, c(length(y), size, size))
  value <- 0
  for (category in seq_along(likelihood)) {
    rows <- which(y == category)
    at <- do.call(likelihood[[category]], lapply(predictors, `[`, rows))
    value <- value + sum(weights[rows] * at)
    first[rows, ] <- attr(at, "gradient")
    second[rows, , ] <- attr(at, "hessian")
  }
  scores <- Reduce(`+`, lapply(seq_len(size), function(k) maps[[k]] * first[, k]))
  information <- 0
  for (j in seq_len(size)) for (k in seq_len(size)) {
    information <- information - crossprod(maps[[j]], maps[[k]] * (weights * second[, j, k]))
  }
  list(value = value, scores = scores * weights, information = information)
}

# NULL where the likelihood has no maximum: steps are asked to become rounding.
newton <- function(theta, y, weights, maps, likelihood) {
  weights <- weights / mean(weights)
  at <- derivatives(theta, y, weights, maps, likelihood)
  polished <- 0
  for (iteration in 1:60) {
    step <- tryCatch(solve(at$information, colSums(at$scores)), error = function(e) NULL)
    if (is.null(step)) return(NULL)
    for (halving in 0:30) {
      new <- suppressWarnings(
        derivatives(theta + step / 2^halving, y, weights, maps, likelihood))
      if (is.finite(new$value) && new$value >= at$value - 1e-9 * abs(at$value)) break
    }
    theta <- theta + step / 2^halving
    at <- new
    # Two more steps after one of 1e-7: they are of rounding only.
    if (max(abs(step)) < 1e-7 * (1 + max(abs(theta)))) polished <- polished + 1
    if (polished == 3) return(list(theta = theta, at = at))
  }
  NULL
}

# --- Under a design

svyvcov <- function(design, influence) {  # zeros outside the model's rows
  matrix(as.numeric(vcov(svytotal(influence, design))), ncol(influence))
}

estimated <- function(design, y, start, maps, likelihood) {
  replicated <- inherits(design, "svyrep.design")
  weights <- weights(design, "sampling")
  used <- weights > 0
  of <- function(w, from) {
    # A category without weight has no coefficients.
    if (any(tapply(w, y[used], sum) <= 0)) return(NULL)
    newton(from, y[used], w, lapply(maps, function(map) map[used, , drop = FALSE]), likelihood)
  }
  fit <- of(weights[used], start)
  if (is.null(fit)) return(NULL)
  inverse <- solve(fit$at$information)
  if (replicated) {
    thetas <- NULL
    analysis <- weights(design, "analysis")
    for (r in seq_len(ncol(analysis))) {
      each <- of(analysis[used, r], fit$theta)
      if (is.null(each)) return(NULL)
      thetas <- rbind(thetas, each$theta)
    }
    covariance <- svrVar(thetas, design$scale, design$rscales, mse = design$mse,
                         coef = fit$theta)
  } else {
    scale <- mean(weights[used])
    influence <- matrix(0, length(y), length(fit$theta))
    influence[used, ] <- (fit$at$scores %*% inverse) / (weights[used] / scale) / scale
    covariance <- svyvcov(design, influence)
  }
  list(theta = fit$theta, covariance = matrix(as.numeric(covariance), length(fit$theta)))
}

wald <- function(fit, contrasts, df) {
  value <- drop(contrasts %*% fit$theta)
  spread <- contrasts %*% fit$covariance %*% t(contrasts)
  if (rcond(spread / sqrt(outer(diag(spread), diag(spread)))) < 1e-12) return(NULL)
  f <- drop(value %*% solve(spread, value)) / length(value)
  list(f = f, p = pf(f, length(value), df, lower.tail = FALSE))
}

answer <- function(fit, names, test, df) {
  if (is.null(fit)) return(list(refused = TRUE))
  cells <- lower.tri(fit$covariance, diag = TRUE)
  list(names = names, estimate = fit$theta, covariance = fit$covariance[cells], df = df,
       wald = wald(fit, test, df))
}

# Contrasts that pick coefficients.
picking <- function(names, pattern) diag(length(names))[grepl(pattern, names), , drop = FALSE]

multinomial <- function(formula, design) {
  data <- model.frame(design)
  x <- model.matrix(formula, data)
  levels <- c("none", "much", "some")  # the reference, then the order of the letters
  start <- rep(0, 2 * ncol(x))
  fit <- estimated(design, match(data$kind, levels), start, multinomial_maps(x, 2), logits(2))
  names <- paste0(rep(levels[-1], each = ncol(x)), ": ", colnames(x))
  answer(fit, names, picking(names, "band"), degf(design))
}

ordinal <- function(formula, design) {
  data <- model.frame(design)
  x <- model.matrix(formula, data)
  x <- x[, -1, drop = FALSE]
  shares <- cumsum(tapply(weights(design, "sampling"), data$grade, sum))[1:3]
  start <- c(rep(0, ncol(x)), qlogis(shares / sum(weights(design, "sampling"))))
  fit <- estimated(design, data$grade, start, ordinal_maps(x, 3), cumulative(3))
  names <- c(colnames(x), "1|2", "2|3", "3|4")
  answer(fit, names, picking(names, "band"), degf(design))
}

# Each binary logit by glm(), their influence functions side by side.
brant <- function(formula, design) {
  data <- model.frame(design)
  x <- model.matrix(formula, data)
  weights <- weights(design, "sampling")
  used <- weights > 0
  tight <- glm.control(epsilon = 1e-14, maxit = 100)
  logit <- function(y, w, start = NULL) suppressWarnings(
    glm.fit(x[used, ], y[used], w / mean(w), start, family = quasibinomial(), control = tight))
  thetas <- influence <- NULL
  for (k in 1:3) {
    y <- as.numeric(data$grade > k)
    fit <- logit(y, weights[used])
    fit <- logit(y, weights[used], fit$coefficients)
    mean <- fit$fitted.values
    bread <- solve(crossprod(x[used, ], x[used, ] * (weights[used] * mean * (1 - mean))))
    own <- matrix(0, nrow(x), ncol(x))
    own[used, ] <- (x[used, ] * (y[used] - mean)) %*% bread
    influence <- cbind(influence, own)
    thetas <- c(thetas, fit$coefficients)
  }
  if (inherits(design, "svyrep.design")) {
    analysis <- weights(design, "analysis")[used, ]
    each <- t(apply(analysis, 2, function(w) unlist(lapply(1:3, function(k) {
      y <- as.numeric(data$grade > k)
      logit(y, w, logit(y, w)$coefficients)$coefficients
    }))))
    covariance <- svrVar(each, design$scale, design$rscales, mse = design$mse, coef = thetas)
  } else {
    covariance <- svyvcov(design, influence)
  }
  names <- paste0("> ", rep(1:3, each = ncol(x)), ": ", colnames(x))
  fit <- list(theta = unname(thetas), covariance = matrix(as.numeric(covariance), length(thetas)))
  slope <- function(column) {
    t(sapply(2:3, function(k) (names == paste0("> ", k, ": ", column)) -
                              (names == paste0("> 1: ", column))))
  }
  slopes <- colnames(x)[-1]
  c(answer(fit, names, slope("x"), degf(design)),
    list(all = wald(fit, do.call(rbind, lapply(slopes, slope)), degf(design))))
}

# survey's own: BFGS asked for all it can give; its Hessian is made of differences.
svyolr_itself <- function(formula, design) {
  design$variables$grade <- factor(design$variables$grade)
  control <- list(reltol = 1e-16, maxit = 2000, ndeps = rep(1e-4, 6))
  fit <- suppressWarnings(svyolr(update(formula, grade ~ .), design, control = control))
  cells <- lower.tri(fit$var, diag = TRUE)
  list(names = c(names(coef(fit, intercepts = FALSE)), names(fit$zeta)),
       estimate = as.numeric(c(fit$coefficients, fit$zeta)),
       covariance = as.numeric(fit$var)[as.logical(cells)],
       df_residual = fit$df.residual)
}

estimators <- list(
  multinomial = function(d) multinomial(~ x + band, d),
  multinomial_missing = function(d) {
    multinomial(~ incomplete + band, subset(d, !is.na(incomplete)))
  },
  ordinal = function(d) ordinal(~ x + band, d),
  ordinal_missing = function(d) ordinal(~ incomplete * band, subset(d, !is.na(incomplete))),
  brant = function(d) brant(~ x + band, d)
)

# Of the designs with replicate weights one of each kind: the sums over sets are proven elsewhere.
chosen <- c("fpc_population", "jkn_hard", "jk1_mse", "fay", "jkn_average", "given_jk1_factors",
            "given_scaled")

answers <- list()
each_case(function(case, data, whole) {
  replicated <- inherits(whole, "svyrep.design")
  if (is.null(case$rules) && !case$case %in% chosen) return()
  estimators <- c(estimators, if (!replicated) list(svyolr = function(d) {
    svyolr_itself(~ x + band, d)
  }))
  for (domain in case$domains) {
    design <- whole[data[[domain]] == 1, ]
    for (name in names(estimators)) {
      cell <- list(case = case$case, rule = case$rule, domain = domain, estimator = name)
      answers[[length(answers) + 1]] <<- c(cell, estimators[[name]](design))
    }
  }
})
versions <- list(R = R.version.string, survey = as.character(packageVersion("survey")))
write_json17(list(versions = versions, answers = answers), file.path(here, "categories.json"))
