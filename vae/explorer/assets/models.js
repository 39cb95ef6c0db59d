let modelsDrawn = Promise.resolve();
function drawModels() {}
function connectModels() {}
