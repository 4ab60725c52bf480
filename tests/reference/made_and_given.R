# The designs of cases.json and replicates.json, from a case and its sample; `designs` is their folder.
# Factors of the units (all rows of a unit have the same) as a matrix of rows by sets.
spread <- function(name, data) {
  factors <- read.csv(file.path(designs, paste0(name, ".csv")))
  as.matrix(factors[match(data$unit, factors$unit), -1])
}

taylor <- function(case, data) {
  ids <- if (is.null(case$psu)) ~1 else as.formula(paste0("~", case$psu))
  strata <- if (is.null(case$strata)) NULL else as.formula(paste0("~", case$strata))
  fpc <- if (is.null(case$fpc)) NULL else as.formula(paste0("~", case$fpc))
  svydesign(ids, strata = strata, weights = ~weight, data = data, nest = TRUE, fpc = fpc)
}

made <- function(case, data) {
  design <- taylor(case, data)
  if (is.null(case$make)) return(design)
  if (case$make %in% c("BRR", "Fay")) {
    signs <- as.matrix(read.csv(file.path(designs, "hadamard.csv"), header = FALSE))
    dimnames(signs) <- NULL
    rho <- if (is.null(case$rho)) 0 else case$rho
    return(as.svrepdesign(design, type = case$make, fay.rho = rho, mse = case$mse,
                          hadamard.matrix = signs))
  }
  as.svrepdesign(design, type = case$make, mse = case$mse)
}

given <- function(case, data) {
  weights <- spread(case$factors, data)
  if (case$combined) weights <- weights * data$weight
  rscales <- if (is.null(case$rscales)) NULL else unlist(case$rscales)
  suppressWarnings(svrepdesign(
    data = data, repweights = weights, weights = data$weight, type = case$method,
    combined.weights = case$combined, rho = case$rho, scale = case$scale, rscales = rscales,
    mse = case$mse))
}

# Every case under each of its rules for single PSUs, with its data and its design. The option
# survey.lonely.psu is left at the rule of the case that `use` is called with.
each_case <- function(use) {
  for (list_of in c("cases", "replicates")) {
    for (case in fromJSON(file.path(designs, paste0(list_of, ".json")), simplifyVector = FALSE)) {
      data <- read.csv(file.path(designs, paste0(case$file, ".csv")))
      rules <- if (is.null(case$rules)) case$rule else case$rules
      for (rule in unlist(rules)) {
        options(survey.lonely.psu = rule)
        case$rule <- rule
        use(case, data, if (is.null(case$factors)) made(case, data) else given(case, data))
      }
    }
  }
}
