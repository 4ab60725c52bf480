# mice on the samples of imputation.py: Rscript imputation.R holes.csv pooled.csv SETS SWEEPS
suppressMessages({
  library(mice)
  library(survey)
})
options(survey.lonely.psu = "fail")
said <- commandArgs(trailingOnly = TRUE)
given <- read.csv(said[1], na.strings = "")
given$k <- factor(given$k, c("low", "middle", "high"))
sets <- as.integer(said[3])
rows <- list()
for (each in unique(given$sample)) {
  data <- given[given$sample == each, ]
  data$unit <- factor(data$stratum * 10 + data$psu)
  made <- mice(data[c("dose", "x", "k", "y", "log_weight", "unit")], m = sets,
               maxit = as.integer(said[4]), seed = each + 1, printFlag = FALSE)
  fits <- lapply(seq_len(sets), function(i) {
    full <- cbind(complete(made, i), data[c("stratum", "psu", "weight")])
    svyglm(y ~ dose + x + k, svydesign(~psu, strata = ~stratum, weights = ~weight, data = full,
                                       nest = TRUE))
  })
  for (name in c("dose", "x")) {
    pooled <- pool.scalar(sapply(fits, function(f) coef(f)[name]),
                          sapply(fits, function(f) vcov(f)[name, name]),
                          n = degf(fits[[1]]$survey.design) + 1, k = 1)
    rows[[length(rows) + 1]] <- data.frame(slope = name, estimate = pooled$qbar,
                                           std_error = sqrt(pooled$t), df = pooled$df)
  }
}
write.csv(do.call(rbind, rows), said[2], row.names = FALSE)
